namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>What a reader cuts off gets no codes, but for one step, and what it keeps gets finer ones.</summary>
public sealed class EffectiveRangeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hard-swish", QuantizationScheme.Affine, -3, double.PositiveInfinity)]
    [InlineData("hard-swish", QuantizationScheme.Symmetric, double.NegativeInfinity, double.PositiveInfinity)]
    [InlineData("hard-sigmoid", QuantizationScheme.Affine, -3, 3)]
    [InlineData("hard-sigmoid", QuantizationScheme.Symmetric, -3, 3)]
    [InlineData("its own steepness", QuantizationScheme.Affine, -2.5, 2.5)]
    [InlineData("read by another too", QuantizationScheme.Affine, double.NegativeInfinity, double.PositiveInfinity)]
    [InlineData("returned", QuantizationScheme.Affine, double.NegativeInfinity, double.PositiveInfinity)]
    public void The_range_ends_a_step_behind_where_its_readers_saturate(string name, QuantizationScheme scheme, double least, double most)
    {
        string path = Make(name).Save(_folder.PathTo("model.onnx"));
        ModelCalibration calibration = ModelCalibrator.Calibrate(path, RandomTensors.Samples(16, GraphCases.ImageShape));

        ValueRange range = PostTrainingQuantizer.Quantize(path, calibration, _folder.PathTo("out.onnx"), new PtqOptions
        {
            ActivationCalibrator = new MaxCalibrator(),
            ActivationScheme = scheme
        }).Activations["a"].Range;

        (float seenLeast, float seenMost) = (calibration.Activations["a"].Min, calibration.Activations["a"].Max);
        float magnitude = scheme == QuantizationScheme.Symmetric ? MathF.Max(-seenLeast, seenMost) : 0;
        Check(-range.Min, double.IsFinite(least) ? -least : null, MathF.Max(-seenLeast, magnitude));
        Check(range.Max, double.IsFinite(most) ? most : null, MathF.Max(seenMost, magnitude));

        void Check(double end, double? bound, double seen)
        {
            if (bound is null)
            {
                end.Should().Be(seen);
            }
            else
            {
                double step = (range.Max - range.Min) / 255;
                seen.Should().BeGreaterThan(bound.Value + step);
                end.Should().BeGreaterThanOrEqualTo(bound.Value + step / 2).And.BeLessThan(bound.Value + 1.1 * step);
            }
        }
    }

    private static ModelBuilder Make(string name)
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4);
        _ = name switch
        {
            "hard-sigmoid" => model.Node("HardSigmoid", ["a"], "c", Float("alpha", 1 / 6f)),
            "its own steepness" => model.Node("HardSigmoid", ["a"], "c"),
            "read by another too" => model.Node("HardSigmoid", ["a"], "s").Node("Mul", ["a", "s"], "m").Node("Add", ["a", "m"], "c"),
            _ => model.Node("HardSigmoid", ["a"], "s", Float("alpha", 1 / 6f)).Node("Mul", ["a", "s"], "c"),
        };
        if (name == "returned")
        {
            model.Output("a", 1, 4, 8, 8);
        }

        return model.Conv("c", "y", 4, 2).Output("y", 1, 2, 8, 8);
    }

    private static Protos.AttributeProto Float(string name, float value) =>
        new() { Name = name, Type = Protos.AttributeProto.Types.AttributeType.Float, F = value };
}
