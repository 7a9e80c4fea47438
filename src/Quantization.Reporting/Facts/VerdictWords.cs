using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Says a verdict in a sentence, for pages and for the command line.</summary>
internal static class VerdictWords
{
    /// <summary>The verdict of a report.</summary>
    public static string Of(QuantizationReport report) => report.Verdict switch
    {
        ReportVerdict.NothingQuantized => "Nothing was quantized: the output is the float model.",
        ReportVerdict.NotMeasured => "Not measured: without samples the loss is unknown.",
        ReportVerdict.Doubtful => "Not to be judged yet: labels or preprocessing do not seem to fit the float model.",
        ReportVerdict.Unclear => "Not clear yet: too few samples to tell what is lost.",
        ReportVerdict.Good when report.Partial is null => "No noticeable loss.",
        ReportVerdict.Good => $"The target is met on these {Figure.Count(report.Data.ScoringSamples)} samples.",
        _ when report.Partial is not null => "The target is not met.",
        _ when report is { Float.Top1: { } before, Quantized.Top1: { } after } && before > after =>
            $"{Figure.Points(before - after)} points of accuracy are lost.",
        _ => "The answers differ from the float model's.",
    };

    /// <summary>The verdict of a comparison of any two models.</summary>
    /// <param name="figures">What was measured.</param>
    /// <param name="isDoubtful">Whether labels or preprocessing are doubted.</param>
    public static string Of(JudgedFigures figures, bool isDoubtful) => (isDoubtful, ReportJudge.Judge(figures)) switch
    {
        (true, _) => "Not to be judged yet: labels or preprocessing do not seem to fit the first model.",
        (_, ReportVerdict.NotMeasured) => "Not to be judged: the outputs hold no floats.",
        (_, ReportVerdict.Unclear) => "Not clear yet: too few samples to tell whether the models differ.",
        (_, ReportVerdict.Good) => "The second model answers like the first: no noticeable loss.",
        _ when figures is { ReferenceTop1: { } before, Top1: { } after } && before > after =>
            $"The second model loses {Figure.Points(before - after)} points of accuracy.",
        _ when figures is { ReferenceTop1: { } before, Top1: { } after } && before < after =>
            $"The second model gains {Figure.Points(after - before)} points of accuracy.",
        _ => "The answers of the models differ.",
    };
}
