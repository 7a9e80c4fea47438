using Quantization.Onnx.Protos;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>
/// A maxout net (Goodfellow et al., 2013): of two convolutions, each with LeakyReLU, the larger result goes on. What loses is never seen,
/// so nothing holds it in bounds; and the channels of the first two layers differ by a factor of up to 256.
/// </summary>
internal sealed class MaxoutNet : StressNet
{
    private const double Unevenness = 256, Slope = 0.1;

    private static readonly int[] Widths = [1, 16, 32, 48];

    private readonly ModuleList<Conv2d> _one = Make(), _other = Make();
    private readonly Linear _linear = Linear(Widths[^1] * 9, 10);

    public MaxoutNet()
        : base("maxoutnet") => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        Tensor features = FashionMnist.ToPixels(input);
        for (int i = 0; i < _one.Count; i++)
        {
            Tensor larger = torch.maximum(functional.leaky_relu(_one[i].forward(features), Slope),
                functional.leaky_relu(_other[i].forward(features), Slope));
            features = functional.max_pool2d(larger, 2);
        }

        return _linear.forward(features.flatten(1));
    }

    public override ModelProto Export()
    {
        OnnxGraph graph = new(GetName(), "image", TensorProto.Types.DataType.Float, 1, 28, 28);
        string features = "image";
        for (int i = 0; i < _one.Count; i++)
        {
            features = graph.Pool("MaxPool", graph.Node("Max", [Branch(_one[i], i), Branch(_other[i], i)]));
        }

        graph.Classifier(features, _linear);
        return graph.Model;

        string Branch(Conv2d conv, int place)
        {
            (Channels weight, float[] bias) = (Channels.Of(conv.weight!), OnnxGraph.Read(conv.bias!));
            if (place > 0)
            {
                weight = weight.ShrinkInputs(Channels.Factors(Widths[place], Unevenness));
            }

            if (place < _one.Count - 1)
            {
                float[] factors = Channels.Factors(Widths[place + 1], Unevenness);
                weight = weight.StretchOutputs(factors);
                bias = [.. bias.Zip(factors, (value, factor) => value * factor)];
            }

            AttributeProto slope = new() { Name = "alpha", Type = AttributeProto.Types.AttributeType.Float, F = (float)Slope };
            return graph.Node("LeakyRelu", [graph.Conv(features, weight, bias, 1, 1)], slope);
        }
    }

    private static ModuleList<Conv2d> Make() => new(
        [.. Widths.Zip(Widths.Skip(1), (inputs, outputs) => Conv2d(inputs, outputs, 3, padding: 1))]);
}
