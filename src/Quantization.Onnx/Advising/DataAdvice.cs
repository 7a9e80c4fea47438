using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about the samples: whether labels and preprocessing belong to the model, and what their number can show.</summary>
internal static class DataAdvice
{
    /// <summary>The float model is right no more often than chance.</summary>
    /// <param name="counts">What it answers and what labels name.</param>
    /// <param name="floatTop1">Its accuracy.</param>
    /// <param name="preprocessing">How samples were prepared, in words; null where that is not known.</param>
    public static Advice NearChance(ClassCounts counts, double floatTop1, string? preprocessing) =>
        OfAccuracy(AdviceCode.FloatNearChance, counts, floatTop1, preprocessing);

    /// <summary>The float model is wrong more often than a trained model usually is.</summary>
    /// <inheritdoc cref="NearChance"/>
    public static Advice LowAccuracy(ClassCounts counts, double floatTop1, string? preprocessing) =>
        OfAccuracy(AdviceCode.FloatLowAccuracy, counts, floatTop1, preprocessing);

    /// <summary>All labels name one class.</summary>
    public static Advice OneLabel(ClassCounts counts, string? preprocessing) => new(
        AdviceCode.LabelsOfOneClass,
        ("labelledSamples", counts.LabelledSamples),
        ("class", counts.MostFrequentLabel),
        ("preprocessing", preprocessing));

    /// <summary>The float model gives nearly all samples one class.</summary>
    /// <inheritdoc cref="NearChance"/>
    public static Advice OneAnswer(ClassCounts counts, string? preprocessing) => new(
        AdviceCode.FloatGivesOneAnswer,
        ("samples", counts.Samples),
        ("answers", counts.MostFrequentAnswers),
        ("class", counts.MostFrequentAnswer),
        ("preprocessing", preprocessing));

    /// <summary>The samples that calibrated were measured too.</summary>
    public static Advice SameSamples(int samples) => new(AdviceCode.ReportSameSamples, ("samples", samples));

    /// <summary>Next: check labels and preprocessing.</summary>
    public static Advice CheckData(bool hasLabels) => new(AdviceCode.NextCheckData, ("hasLabels", hasLabels));

    /// <summary>Next: measure on more samples.</summary>
    /// <param name="samples">How many scored.</param>
    /// <param name="wanted">About how many would tell.</param>
    /// <param name="hasLabels">Whether they have labels.</param>
    public static Advice MoreSamples(int samples, int wanted, bool hasLabels) => new(
        AdviceCode.NextMoreSamples, ("samples", samples), ("wanted", wanted), ("hasLabels", hasLabels));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.FloatNearChance => new AdviceText(
            $"The float model itself is right for {Figure.Percent(advice.Number("floatTop1"))} of "
                + $"{Figure.Count(advice.Count("labelledSamples"))} "
                + $"labelled samples; answers that have nothing to do with the labels would be right for "
                + $"{Figure.Percent(advice.Number("chance"))}. So the labels or the preprocessing do not fit the model, "
                + "and no figure below says "
                + $"what quantization costs.",
            $"Check the labels (their order, whether classes count from 0) and the preprocessing{Used(advice)}, until the "
                + "float model has the accuracy "
                + $"that you know of it."),
        AdviceCode.FloatLowAccuracy => new AdviceText(
            $"The float model itself is right for only {Figure.Percent(advice.Number("floatTop1"))} of "
                + $"{Figure.Count(advice.Count("labelledSamples"))} labelled samples. If it is known to be better, the "
                + "preprocessing or the labels "
                + $"do not fit it, and figures measured on the wrong inputs say little.",
            $"Check the preprocessing{Used(advice)} and the labels first."),
        AdviceCode.LabelsOfOneClass => new AdviceText(
            $"All {Figure.Count(advice.Count("labelledSamples"))} labels name class "
                + $"{advice.Count("class").ToString(CultureInfo.InvariantCulture)}, "
                + $"so accuracy tells how often the model answers that class, not how good it is.",
            "Check the labels, or give samples of all classes."),
        AdviceCode.FloatGivesOneAnswer => new AdviceText(
            $"The float model answers class {advice.Count("class").ToString(CultureInfo.InvariantCulture)} for "
                + $"{Figure.Count(advice.Count("answers"))} of {Figure.Count(advice.Count("samples"))} samples. "
                + "That is usual where samples "
                + $"are not prepared as the model was trained; then agreement and noise say little too.",
            $"Check the preprocessing{Used(advice)}, or give samples of all classes."),
        AdviceCode.ReportSameSamples => new AdviceText(
            $"The {Figure.Count(advice.Count("samples"))} samples that calibrated were measured too, so figures on "
                + "others may be a little worse.",
            $"Samples with labels are set apart for measuring ({words.Labels})."),
        AdviceCode.NextCheckData => new AdviceText(
            "What to try next:",
            advice.Flag("hasLabels")
                ? "make the float model right first: correct labels or preprocessing, then quantize and measure again."
                : "correct the preprocessing first, then quantize and measure again."),
        AdviceCode.NextMoreSamples => new AdviceText(
            "What to try next:",
            $"measure on more samples before you decide: {Figure.Count(advice.Count("samples"))} cannot show a loss of a point, "
                + $"about {Figure.Count(advice.Count("wanted"))}{(advice.Flag("hasLabels") ? " with labels" : "")} could."),
        _ => null,
    };

    private static Advice OfAccuracy(AdviceCode code, ClassCounts counts, double floatTop1, string? preprocessing) => new(
        code,
        ("labelledSamples", counts.LabelledSamples),
        ("floatTop1", floatTop1),
        ("chance", counts.ChanceAccuracy),
        ("preprocessing", preprocessing));

    private static string Used(Advice advice) => advice.FindText("preprocessing") is { } used ? $" (here: {used})" : "";
}
