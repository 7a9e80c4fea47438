using Quantization.Onnx;

namespace Quantization.Fuzz.Recipes;

/// <summary>A way of quantizing, as a user calls it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MostNoise">How much noise random weights may bring to an output at most, as a share of the signal's energy.</param>
/// <param name="Bits">The bits of weights.</param>
/// <param name="Run">Quantizes the model of a path into another one.</param>
internal sealed record FuzzedRecipe(string Name, double MostNoise, int Bits, Action<string, ISampleSource, string, ModelProbe?> Run)
{
    /// <summary>What the documentation lets a call throw.</summary>
    private static readonly Type[] Documented =
    [
        typeof(FileNotFoundException), typeof(OnnxModelException), typeof(InvalidDataException), typeof(IOException),
        typeof(ArgumentException), typeof(DllNotFoundException), typeof(OperationCanceledException), typeof(UnauthorizedAccessException),
    ];

    /// <summary>All recipes.</summary>
    public static IReadOnlyList<FuzzedRecipe> All { get; } =
    [
        new("static", 0.3, 8, (model, samples, output, probe) => PostTrainingQuantizer.Quantize(
            model, samples, output, new PtqOptions { LatencyRuns = 0, Probe = probe })),
        new("static affine TensorRT", 0.3, 8, (model, samples, output, probe) => PostTrainingQuantizer.Quantize(
            model, samples, output, new PtqOptions
            {
                LatencyRuns = 0,
                Probe = probe,
                Runtime = TargetRuntime.TensorRT,
                ActivationCalibrator = new MaxCalibrator()
            })),
        new("dynamic", 0.1, 8, (model, _, output, probe) => DynamicQuantizer.Quantize(
            model, output, new DynamicOptions { LatencyRuns = 0, Probe = probe })),
        new("weights 8", 0.01, 8, (model, _, output, probe) => WeightQuantizer.Quantize(
            model, output, new WeightOnlyOptions { LatencyRuns = 0, Probe = probe })),
        new("weights 8 in blocks", 0.01, 8, (model, _, output, probe) => WeightQuantizer.Quantize(
            model, output, new WeightOnlyOptions { LatencyRuns = 0, Probe = probe, BlockSize = 32 })),
        new("weights 4", 0.5, 4, (model, _, output, probe) => WeightQuantizer.Quantize(
            model, output, new WeightOnlyOptions { LatencyRuns = 0, Probe = probe, Bits = 4 })),
        new("weights 4 GPTQ", 0.5, 4, (model, samples, output, probe) => WeightQuantizer.Quantize(
            model, samples, output, new WeightOnlyOptions { LatencyRuns = 0, Probe = probe, Bits = 4, Method = WeightMethod.Gptq })),
        new("half", 0.001, 16, (model, samples, output, probe) => HalfPrecisionConverter.Convert(
            model, samples, output, new HalfPrecisionOptions { LatencyRuns = 0, Probe = probe })),
        new("inspect", 0, 8, (model, _, _, _) => ModelInspector.Inspect(model)),
    ];

    /// <summary>Whether the documentation lets a call throw this.</summary>
    public static bool IsDocumented(Exception e) =>
        Documented.Any(type => type.IsInstanceOfType(e)) && e is not (ArgumentNullException or ArgumentOutOfRangeException);
}
