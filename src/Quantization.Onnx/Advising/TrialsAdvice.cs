using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about scores: why a trial won, and which figures there are not.</summary>
internal static class TrialsAdvice
{
    /// <summary>Trials reach the float model.</summary>
    public static Advice ReachFloat(int reaching, int trials, string metric, bool isRefined, bool isImproved) => new(
        AdviceCode.TrialsReachFloat,
        ("reaching", reaching),
        ("trials", trials),
        ("metric", metric),
        ("isRefined", isRefined),
        ("isImproved", isImproved));

    /// <summary>No trial reaches the float model.</summary>
    public static Advice NoneReachesFloat(int trials, string metric, bool isRefined, bool isImproved) => new(
        AdviceCode.NoTrialReachesFloat, ("trials", trials), ("metric", metric), ("isRefined", isRefined), ("isImproved", isImproved));

    /// <summary>The samples cannot tell the trial that was taken from the one nearest to the float model.</summary>
    /// <param name="trials">How many trials there are.</param>
    /// <param name="samples">How many samples were compared.</param>
    /// <param name="needed">How many samples would tell.</param>
    /// <param name="isRefined">Whether single activations then got calibrators of their own.</param>
    /// <param name="isImproved">Whether the plan was then improved from samples.</param>
    public static Advice Indistinguishable(int trials, int samples, long needed, bool isRefined, bool isImproved) => new(
        AdviceCode.TrialsIndistinguishable,
        ("trials", trials),
        ("samples", samples),
        ("needed", needed),
        ("isRefined", isRefined),
        ("isImproved", isImproved));

    /// <summary>The logits have no rows of classes.</summary>
    /// <param name="metric">The figure that is asked for.</param>
    public static Advice NoClassRows(string metric) => new(AdviceCode.NoClassRows, ("metric", metric));

    /// <summary>Labelled samples do not count for accuracy.</summary>
    /// <param name="sample">The first.</param>
    /// <param name="output">The logits; null where they are no floats.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="samples">How many samples it is for.</param>
    /// <param name="uncounted">How many labelled samples do not count.</param>
    public static Advice UncountedLabels(string sample, string? output, string? shape, int? samples, int uncounted) => new(
        AdviceCode.UncountedLabels,
        ("sample", sample),
        ("output", output),
        ("shape", shape),
        ("samples", samples),
        ("uncounted", uncounted));

    /// <summary>An evaluated model is slower than the reference.</summary>
    public static Advice Slower(ModelScore model, ModelScore reference) => new(
        AdviceCode.CandidateSlower,
        ("model", model.ModelPath),
        ("reference", reference.ModelPath),
        ("modelMilliseconds", model.MedianLatency),
        ("referenceMilliseconds", reference.MedianLatency));

    /// <summary>An evaluated model is larger than the reference.</summary>
    public static Advice Larger(ModelScore model, ModelScore reference) => new(
        AdviceCode.CandidateLarger,
        ("model", model.ModelPath),
        ("reference", reference.ModelPath),
        ("modelBytes", model.FileSize),
        ("referenceBytes", reference.FileSize));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.TrialsReachFloat => new AdviceText(string.Create(
            CultureInfo.InvariantCulture,
            $"{advice.Count("reaching")} of {advice.Count("trials")} combinations reach the float model by {advice.Text("metric")}. "
                + $"{Taken(advice, "It is the one", "one")} of them whose outputs lie nearest to the float model's.{Refined(advice)}")),
        AdviceCode.NoTrialReachesFloat => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Taken(advice, "It is the combination", "combination")} with the best {advice.Text("metric")} of "
                    + $"{advice.Count("trials")}; none reaches the float model.{Refined(advice)}"),
            $"If that is not enough, leave the layers that lose most in float ({words.PartialQuantization})."),
        AdviceCode.TrialsIndistinguishable => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Taken(advice, "It is the simplest", "simplest")} of those of the {advice.Count("trials")} combinations that "
                    + $"{advice.Count("samples")} samples cannot tell from the best.{Refined(advice)}"),
            string.Create(CultureInfo.InvariantCulture, $"About {advice.Count("needed")} samples would tell them apart.")),
        AdviceCode.NoClassRows => new AdviceText(
            $"The output of logits has no rows of classes, [N, classes] or [N, steps, classes], so there is no {advice.Text("metric")};",
            $"take {words.SignalToNoise}."),
        AdviceCode.UncountedLabels => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Uncounted(advice)}. Labelled samples left out of top-1 accuracy: {advice.Count("uncounted")}."),
            "Give samples with one row of logits each, or go by the agreement."),
        AdviceCode.CandidateSlower => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("model")} is slower than {advice.Text("reference")} on this machine: "
                    + $"{advice.Number("modelMilliseconds"):0.000} ms against "
                    + $"{advice.Number("referenceMilliseconds"):0.000} ms per run. In "
                    + $"small models, conversions between floats and codes cost more than int8 saves;"),
            $"{words.Conversions} shows where these conversions are."),
        AdviceCode.CandidateLarger => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("model")} is larger than {advice.Text("reference")}: {advice.Count("modelBytes")} against "
                    + $"{advice.Count("referenceBytes")} bytes."),
            $"Weights per tensor ({words.WeightsPerTensor}) need fewer scales; or keep {advice.Text("reference")}."),
        _ => null,
    };

    /// <summary>Why the first labelled sample that does not count for accuracy does not, without a full stop.</summary>
    public static string Uncounted(Advice advice)
    {
        string reason = advice.FindText("output") is { } output
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"output '{output}' has shape {advice.Text("shape")} for {advice.Count("samples")} samples")
            : "the output of logits holds no floats";
        return $"{advice.Text("sample")}: a label stands for one class, but {reason}; accuracy needs one row of logits per sample";
    }

    /// <summary>An improved plan is none of the combinations, so its own figure may lie on the other side of the float model's.</summary>
    private static string Taken(Advice advice, string asItIs, string begunWith) =>
        advice.Flag("isImproved") ? $"The plan was refined on samples, starting from the {begunWith}" : asItIs;

    private static string Refined(Advice advice) => advice.Flag("isRefined")
        ? " Then single activations got calibrators of their own, which brought the outputs even nearer."
        : "";
}
