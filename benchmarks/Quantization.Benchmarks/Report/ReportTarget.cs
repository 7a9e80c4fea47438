namespace Quantization.Benchmarks.Report;

/// <summary>What is asked of an operation: a ratio for each width, or 0.9 of the memory limit instead.</summary>
/// <param name="Section">The section.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Elements">How many values.</param>
/// <param name="OfOnnxRuntime">The least ratio to ONNX Runtime at the widest vectors.</param>
/// <param name="OfWidest">The least ratio of 256 bits to our own 512 bits on the same machine.</param>
internal sealed record ReportTarget(string Section, string Operation, long Elements, double OfOnnxRuntime, double OfWidest)
{
    private const long K64 = 64 << 10, M1 = 1 << 20, M16 = 16 << 20;

    /// <summary>What stands for the ratio where an operation reaches so much of what memory allows.</summary>
    public const double OfLimit = 0.9;

    public static IReadOnlyList<ReportTarget> All { get; } =
    [
        new(KernelMeasurements.ToInt8, KernelMeasurements.PerTensor, K64, 1.6, 0.75),
        new(KernelMeasurements.ToInt8, KernelMeasurements.PerTensor, M1, 1.3, 0.85),
        new(KernelMeasurements.ToInt8, KernelMeasurements.PerTensor, M16, 1.3, 0.9),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Axis0, K64, 1.5, 0.75),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Axis0, M1, 1.25, 0.85),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Axis0, M16, 1.3, 0.9),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Blocks, K64, 2.5, 0.7),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Blocks, M1, 2.3, 0.8),
        new(KernelMeasurements.ToInt8, KernelMeasurements.Blocks, M16, 1.2, 0.9),
        new(KernelMeasurements.ToFloat, KernelMeasurements.PerTensor, K64, 2.5, 0.8),
        new(KernelMeasurements.ToFloat, KernelMeasurements.PerTensor, M1, 2, 0.9),
        new(KernelMeasurements.ToFloat, KernelMeasurements.PerTensor, M16, 1.5, 0.9),
        new(KernelMeasurements.Fake, KernelMeasurements.PerTensor, K64, 2.5, 0.8),
        new(KernelMeasurements.Fake, KernelMeasurements.PerTensor, M1, 2, 0.9),
        new(KernelMeasurements.Fake, KernelMeasurements.PerTensor, M16, 1.5, 0.9),
    ];

    public static ReportTarget? Of(Measured measured) => All.FirstOrDefault(target =>
        target.Section == measured.Section && target.Operation == measured.Operation && target.Elements == measured.Elements);
}
