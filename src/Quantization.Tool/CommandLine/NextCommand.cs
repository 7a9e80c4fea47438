using System.Globalization;
using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>The command to run next, ready to copy.</summary>
internal static class NextCommand
{
    private const string FloatNode = "--float-node", MaxLoss = "--max-loss", MaxFloatLayers = "--max-float-layers",
        MaxTrials = "--max-trials";

    /// <summary>The command; null where there is nothing to run, or the user has to change something first.</summary>
    /// <param name="report">What was found.</param>
    /// <param name="run">The command of the user.</param>
    /// <param name="outputPath">The model that was written.</param>
    public static string? Of(QuantizationReport report, Invocation run, string outputPath)
    {
        Advice? next = report.Advice.FirstOrDefault(advice => advice.Code.ToString().StartsWith("Next", StringComparison.Ordinal));
        return next?.Code switch
        {
            AdviceCode.NextCheckData => OfData(report, run),
            AdviceCode.NextLeaveLayerInFloat when run.Takes(FloatNode) => run.Again(FloatNode, next.Text("node")),
            AdviceCode.NextLeaveLayerInFloat or AdviceCode.NextManyLayers or AdviceCode.NextPartialQuantization => Partial(report, run),
            AdviceCode.NextCompareLayers when !run.Gave("--report") => run.Again("--report", "report.html"),
            AdviceCode.NextCompareLayers or AdviceCode.NextCompareModels => Compare(run, outputPath),
            AdviceCode.NextSmallerLoss when run.Gave(MaxLoss) => SmallerLoss(report, next, run),
            AdviceCode.NextAfterMissedTarget => AfterMissedTarget(run, outputPath),
            null when report.Verdict == ReportVerdict.NotMeasured => Compare(run, outputPath),
            _ => null,
        };
    }

    /// <summary>Images of three channels are most often prepared as for ImageNet.</summary>
    private static string? OfData(QuantizationReport report, Invocation run) =>
        report.Data.Preprocessing?.StartsWith(Preprocessing.OfColourImages, StringComparison.Ordinal) == true
            && !run.Gave("--preset")
            && !run.Gave("--mean")
            ? run.Again("--preset", "imagenet")
            : null;

    private static string? Partial(QuantizationReport report, Invocation run)
    {
        if (!report.IsStaticInt8 || !run.Gave("--data"))
        {
            return null;
        }

        string[] target = report.Quantized.Top1 is not null ? [MaxLoss, "0.01"]
            : report.Quantized.Figures.Count > 0 ? ["--metric", "pooled-cosine", MaxLoss, "0.01"]
            : report.Quantized.Agreement is not null ? ["--metric", "agreement", MaxLoss, "0.01"]
            : ["--reach", "30"];
        return run.As(PartialCommand.Name, ["--state", "--metric", "--save-plan"], target);
    }

    /// <summary>A limit that the user set is lifted; without one, the layers tell where the loss comes from.</summary>
    private static string? AfterMissedTarget(Invocation run, string outputPath) =>
        run.Gave(MaxFloatLayers) || run.Gave(MaxTrials)
            ? run.As(PartialCommand.Name, [MaxFloatLayers, MaxTrials], [])
            : Compare(run, outputPath);

    /// <summary>A folder of ONNX Runtime GenAI is no model to compare.</summary>
    private static string? Compare(Invocation run, string outputPath) => Directory.Exists(run.ModelPath) ? null : run.Compare(outputPath);

    private static string SmallerLoss(QuantizationReport report, Advice next, Invocation run)
    {
        double loss = Math.Abs(report.Float.Score!.Value - next.Number("score"));
        return run.Again(MaxLoss, (Math.Ceiling(loss * 1e6) / 1e6).ToString("0.######", CultureInfo.InvariantCulture));
    }
}
