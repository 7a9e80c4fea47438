using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Search;

/// <summary>What tells trials apart.</summary>
public sealed class TrialKeyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Calibrators_of_one_name_and_other_settings_are_two_and_equal_ranges_are_one()
    {
        string path = GraphCases.Make("residual").Save(_folder.PathTo("model.onnx"));
        TrialModels models = new(
            StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu),
            ModelCalibrator.Calibrate(path, RandomTensors.Samples(8, GraphCases.ImageShape)));
        string KeyOf(PtqOptions options) => models.Make(models.Plan(options)).Key;

        KeyOf(new() { WeightCalibrator = new Share(90) }).Should().NotBe(KeyOf(new() { WeightCalibrator = new Share(80) }));
        KeyOf(new() { WeightCalibrator = new Share(90) }).Should().Be(KeyOf(new() { WeightCalibrator = new Share(90) }));
        KeyOf(new() { ActivationCalibrator = new Share(90) }).Should().NotBe(KeyOf(new() { ActivationCalibrator = new Share(80) }));
        KeyOf(new() { ActivationCalibrator = new Share(100) }).Should()
            .Be(KeyOf(new() { ActivationCalibrator = new MaxCalibrator() }), "both keep everything seen");
        TrialGrid.Activations(new SearchOptions
        {
            ActivationCalibrators = [new Share(90), new Share(80)],
            ActivationSchemes = [QuantizationScheme.Affine],
            WeightGranularities = [GranularityKind.PerChannel],
            WeightCalibrators = [new MaxCalibrator()]
        })
            .Select(combination => combination.ActivationCalibrator).OfType<Share>().Select(calibrator => calibrator.Percentage).Should()
            .Equal(90, 80);
    }

    /// <summary>A calibrator whose name does not tell its setting.</summary>
    private sealed class Share(double percentage) : ICalibrator
    {
        public string Name => "Share";

        public double Percentage => percentage;

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
            percentage == 100
                ? new MaxCalibrator().Calibrate(statistics, format, scheme)
                : new PercentileCalibrator(percentage).Calibrate(statistics, format, scheme);
    }
}
