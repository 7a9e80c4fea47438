using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>
/// Weights whose input or output channels are stretched. A positive factor of a channel passes ReLU, LeakyReLU, Max and max-pooling
/// unchanged, so the next layer can undo what one layer stretches. The function stays, and the ranges between differ from channel to
/// channel, as training makes them differ in large nets.
/// </summary>
/// <param name="Values">The weights, row by row.</param>
/// <param name="Shape">Their shape, [outputs, inputs, …].</param>
internal sealed record Channels(float[] Values, long[] Shape)
{
    public static Channels Of(Tensor weight) => new(OnnxGraph.Read(weight), weight.shape);

    /// <summary>The same with each output times its factor.</summary>
    public Channels StretchOutputs(float[] factors) => Stretch(factors, Values.Length / Shape[0]);

    /// <summary>The same with each input divided by its factor.</summary>
    public Channels ShrinkInputs(float[] factors) =>
        Stretch([.. factors.Select(factor => 1 / factor)], Values.Length / Shape[0] / Shape[1]);

    /// <summary>Factors from 1 to the largest, evenly on a scale of logarithms, in an order that looks like none.</summary>
    public static float[] Factors(int count, double largest) =>
        [.. Enumerable.Range(0, count).Select(i => (float)Math.Pow(2, Math.Round(Math.Log2(largest) * (i * 7 % count) / (count - 1))))];

    private Channels Stretch(float[] factors, long inner) =>
        this with { Values = [.. Values.Select((value, i) => value * factors[i / inner % factors.Length])] };
}
