using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Reporting.Tests;

/// <summary>The report of a partial quantization of the classifier that the tool ships, to weights of 4 bits; made once.</summary>
internal static class ExamplePartialReport
{
    private static readonly Lazy<(QuantizationReport Report, PartialResult Result)> Made = new(Make);

    public static QuantizationReport Report => Made.Value.Report;

    public static PartialResult Result => Made.Value.Result;

    private static (QuantizationReport, PartialResult) Make()
    {
        using TemporaryFolder folder = new();
        string output = folder.PathTo("int8.onnx");
        PartialOptions options = new()
        {
            Target = PartialTarget.MaxLoss(0.03),
            Baseline =
                new PtqOptions { WeightFormat = CodeFormat.Signed(4), WeightGranularity = GranularityKind.PerTensor, LatencyRuns = 0 },
            Steps = [LayerStep.WeightsBy(new MseCalibrator())],
            ComparedMeasures = [SensitivityMeasure.EstimatedNoise],
            BatchSize = 50,
        };
        PartialResult result = PartialQuantizer.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 50), FashionExample.TestImages(0, 200), output, options);
        EvaluationResult times = ModelEvaluator.Evaluate(FashionExample.ModelPath, [output], FashionExample.TestImages(0, 20));
        return (QuantizationReport.Create(FashionExample.ModelPath, result, options, times), result);
    }
}
