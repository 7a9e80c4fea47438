namespace Quantization.Onnx.Tests.Scoring;

/// <summary>The outputs of some samples that ran together.</summary>
internal sealed record RandomRun(IReadOnlyList<ModelSample> Samples, IReadOnlyList<RandomOutput> Outputs)
{
    private const int LeastClasses = 2;

    /// <summary>Runs of random outputs: three outputs, the first of which has the given shape.</summary>
    /// <param name="shape">The shape of the first output.</param>
    /// <param name="samples">The samples of each run.</param>
    /// <param name="areProbabilities">Whether the first output holds probabilities.</param>
    public static RandomRun[] Make(long[] shape, int samples, bool areProbabilities = false)
    {
        Random random = new(shape.Length * 100 + samples);
        return
        [
            .. Enumerable.Range(0, 5).Select(run => new RandomRun(
                [
                    .. Enumerable.Range(0, samples).Select(i =>
                        new ModelSample($"run {run}, sample {i}", SampleTensor.Create<float>("x", [0], 1))
                        {
                            Label = random.Next(4) == 0 ? null : random.Next(LeastClasses),
                        }),
                ],
                [
                    RandomOutput.Make("first", shape, areProbabilities, random),
                    RandomOutput.Make("second", [samples, 2, 3], false, random),
                    RandomOutput.Make("third", [samples], false, random),
                ])),
        ];
    }
}
