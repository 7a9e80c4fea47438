using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about what calibration saw, and about what cannot be quantized for it.</summary>
internal static class CalibrationAdvice
{
    /// <summary>How many names a message lists.</summary>
    private const int MaxNames = 5;

    private const int MaxReasons = 3;

    /// <summary>Nothing could be quantized.</summary>
    /// <param name="reasons">Why each node stays in float, by its name.</param>
    /// <param name="format">The 16-bit floats that were asked for; null for int8.</param>
    public static Advice NothingToQuantize(IReadOnlyDictionary<string, string> reasons, HalfFormat? format = null) =>
        new(AdviceCode.NothingToQuantize, ("nodes", reasons.Keys), ("reasons", reasons.Values), ("format", format));

    /// <summary>Activations were 0 throughout.</summary>
    public static Advice DeadActivations(IEnumerable<string> activations, IEnumerable<string> nodes) =>
        new(AdviceCode.DeadActivations, ("activations", activations), ("nodes", nodes));

    /// <summary>An activation is not finite.</summary>
    public static Advice NonFiniteActivation(string sample, string activation, string model, float value, long element) => new(
        AdviceCode.NonFiniteActivation,
        ("sample", sample),
        ("activation", activation),
        ("model", model),
        ("value", value),
        ("element", element));

    /// <summary>A calibration lacks an activation.</summary>
    public static Advice Lacks(string model, string activation) =>
        new(AdviceCode.CalibrationLacksActivation, ("model", model), ("activation", activation));

    /// <summary>Why nothing is quantized, in words that follow a colon.</summary>
    /// <param name="reasons">Why each node with weights stays in float, by its name.</param>
    public static string WhyEmpty(IReadOnlyDictionary<string, string> reasons) => WhyEmpty([.. reasons.Keys], [.. reasons.Values], null);

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.NothingToQuantize => WriteNothing(advice, HalfAdvice.FormatOf(advice)),
        AdviceCode.DeadActivations => WriteDead(advice.Names("activations"), advice.Names("nodes")),
        AdviceCode.NonFiniteActivation => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("sample")}: activation '{advice.Text("activation")}' of {advice.Text("model")} holds "
                    + $"{advice.Number("value"):R} at element {advice.Count("element")}, computed in float from finite inputs;"),
            $"remove the sample, repair the model, or {words.IgnoreNonFinite}."),
        AdviceCode.CalibrationLacksActivation => new AdviceText(
            $"{advice.Text("model")}: the calibration has no statistics of activation '{advice.Text("activation")}'; it was made for "
                + $"another runtime ({words.Runtime}), or by another version of ONNX Runtime or of this library;",
            "calibrate again."),
        _ => null,
    };

    private static AdviceText WriteNothing(Advice advice, HalfFormat? format)
    {
        string done = format is null ? "quantize" : "convert";
        string able = format is null ? "can be quantized" : "have a form in 16-bit floats";
        return new AdviceText(
            $"There was nothing to {done}, so the output is the float model: "
                + $"{WhyEmpty(advice.Names("nodes"), advice.Names("reasons"), format)}.",
            $"Use the float model, or export it with weights that are constants and operators that {able}.");
    }

    private static AdviceText WriteDead(IReadOnlyList<string> activations, IReadOnlyList<string> nodes)
    {
        (string what, string were, string they, string are) = activations.Count == 1
            ? ("activation", "was", "it", "is")
            : ("activations", "were", "they", "are");
        return new AdviceText(
            $"The {what} {List(activations)} {were} 0 in every calibration sample, so no scale is known, and the "
                + $"{(nodes.Count == 1 ? "node" : "nodes")} "
                + $"{List(nodes)} {(nodes.Count == 1 ? "stays" : "stay")} in float:",
            $"calibrate on samples in which {they} {are} not 0, or do nothing if {they} always {are}.");
    }

    private static string List(IReadOnlyList<string> names)
    {
        string listed = string.Join(", ", names.Take(MaxNames).Select(name => $"'{name}'"));
        return names.Count <= MaxNames ? listed : string.Create(
            CultureInfo.InvariantCulture,
            $"{listed} and {names.Count - MaxNames} more");
    }

    private static string WhyEmpty(IReadOnlyList<string> nodes, IReadOnlyList<string> reasons, HalfFormat? format)
    {
        if (nodes.Count == 0)
        {
            return format switch
            {
                HalfFormat.Float16 => "the model has no node that computes with 32-bit floats and could with 16",
                HalfFormat.BFloat16 => "the model has no weights worth storing in 16 bits",
                _ => $"the model has no {OperatorRules.WeightedNames}, and no table of embeddings",
            };
        }

        IGrouping<string, string>[] groups =
            [.. nodes.Zip(reasons).GroupBy(each => each.Second, each => each.First).OrderByDescending(group => group.Count())];
        string listed = string.Join("; ", groups.Take(MaxReasons).Select(Describe));
        int others = groups.Skip(MaxReasons).Sum(group => group.Count());
        string each = format is null
            ? $"{OperatorRules.EachWeightedNames} and table of embeddings stays in float"
            : "node of floats keeps 32 bits";
        return $"each {each}, "
            + (others == 0 ? listed : string.Create(CultureInfo.InvariantCulture, $"{listed}; {others} more for other reasons"));

        static string Describe(IGrouping<string, string> group)
        {
            int others = group.Count() - 1;
            string more = others == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" and {others} more");
            return $"'{group.First()}'{more}: {group.Key}";
        }
    }
}
