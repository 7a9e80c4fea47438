using Quantization.Onnx;
using Quantization.Reporting;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>What the commands tell of a quantized model.</summary>
internal static class ModelReport
{
    private const double NotableClipping = 0.01;

    private const int MaxNotes = 5;

    private const int MaxReasons = 4;

    /// <summary>A table whose columns but the first hold figures.</summary>
    public static Table CreateTable(string first, params string[] figures)
    {
        Table table = new Table().Border(TableBorder.Square).AddColumn(first);
        foreach (string figure in figures)
        {
            table.AddColumn(new TableColumn(figure).RightAligned());
        }

        return table;
    }

    /// <summary>The latency of a quantized model beside the float one, where both were evaluated.</summary>
    public static LatencyComparison LatencyOf(EvaluationResult scores, int candidate) =>
        scores.LatencyOf(scores.Candidates[candidate]);

    /// <summary>What became of the nodes of a model: how many have 16-bit floats or run in int8, and which stay in float.</summary>
    public static IEnumerable<string> Nodes(PtqResult result, bool isVerbose)
    {
        IEnumerable<string> done = result.QuantizedNodes.Count == 0 ? []
            : result.Half is null ? Int8Nodes(result, isVerbose)
            : [$"{Figures.Count(result.QuantizedNodes.Count, "node")} with 16-bit floats."];
        return done.Concat(FloatNodes(result, isVerbose));
    }

    /// <summary>
    /// The bits of weights in blocks, such as <c>4 bits</c>; their mean where layers differ. Empty where there are no blocks.
    /// </summary>
    public static string BitsOf(PtqResult result)
    {
        RoundedLayer[] products = ProductsOf(result);
        return products.Length == 0 ? ""
            : products.All(layer => layer.Bits == products[0].Bits) ? Figures.Count(products[0].Bits, "bit")
            : $"{Figures.Mean(MeanBits(products))} bits";
    }

    /// <summary>How many layers have which bits, in a sentence; null where all have the same.</summary>
    public static string? MixedBits(PtqResult result)
    {
        RoundedLayer[] products = ProductsOf(result);
        IGrouping<int, RoundedLayer>[] bits = [.. products.GroupBy(layer => layer.Bits).OrderBy(group => group.Key)];
        if (bits.Length < 2)
        {
            return null;
        }

        IEnumerable<string> counts = bits.Select(group => $"{Figures.Count(group.Key, "bit")} in {Figures.Count(group.Count(), "layer")}");
        return $"Bits by the error of each layer: {string.Join(", ", counts)}; {Figures.Mean(MeanBits(products))} per weight on average.";
    }

    /// <summary>The layers that multiply, or the tables where none does.</summary>
    private static RoundedLayer[] ProductsOf(PtqResult result) => result.RoundedLayers.Any(layer => layer.Operator != "Gather")
        ? [.. result.RoundedLayers.Where(layer => layer.Operator != "Gather")]
        : [.. result.RoundedLayers];

    private static double MeanBits(RoundedLayer[] layers) =>
        layers.Sum(layer => (double)layer.Weights * layer.Bits) / layers.Sum(layer => layer.Weights);

    /// <summary>What was improved of the plan; nothing where nothing was.</summary>
    public static IEnumerable<string> Improvements(PtqResult result)
    {
        if (result.Refinement is not { } refinement || refinement.LossAfter == refinement.LossBefore)
        {
            yield break;
        }

        string[] parts =
        [
            .. refinement.FloatActivations.Count == 0 ? (string[])[]
                : [$"{Figures.Count(refinement.FloatActivations.Count, "activation")} in float ({Figures.Percent(refinement.IntegerShare)} "
                    + "of the multiply-accumulates stay on integers)"],
            .. refinement.ScaledInputs == 0
                ? (string[])[]
                : [$"columns of {Figures.Count(refinement.ScaledInputs, "matrix input")} scaled"],
            .. refinement.ScaledConvolutions == 0
                ? (string[])[]
                : [$"channels of {Figures.Count(refinement.ScaledConvolutions, "convolution")} scaled"],
            .. refinement.LearnedLayers == 0
                ? (string[])[]
                : [$"the weights of {Figures.Count(refinement.LearnedLayers, "layer")} rounded to fit the samples"],
            .. refinement.CorrectedBiases == 0
                ? (string[])[]
                : [$"biases of {Figures.Count(refinement.CorrectedBiases, "layer")} corrected"],
        ];
        yield return $"Refined, judged on {Figures.Count(refinement.Samples, "sample")}: the typical noise of the outputs "
            + $"{Figures.Percent(refinement.LossBefore)} -> {Figures.Percent(refinement.LossAfter)} of the signal by "
            + $"{string.Join(", ", parts)}.";
        if (refinement.CostliestActivations is [var worst, ..])
        {
            bool isInFloat = worst.Activations.All(refinement.FloatActivations.Contains);
            string others = worst.Activations.Count > 1 ? $" and {Figures.Count(worst.Activations.Count - 1)} beside it" : "";
            yield return $"The worst activation: quantizing {worst.Activations[0]}{others} alone made "
                + $"{Figures.Percent(worst.LossShare)} of the noise; "
                + $"{(isInFloat ? "in float it makes none, which moves" : "in float it would make none, which would move")} "
                + $"{Figures.Percent(worst.WorkShare)} of the multiply-accumulates from integers to float.";
        }
    }

    /// <summary>Which padding was left out; nothing where there was none.</summary>
    public static IEnumerable<string> Padding(ObservedPadding? padding)
    {
        if (padding is { OtherMasks: [_, ..] others })
        {
            yield return $"The merged calibrations have different masks: {padding.Mask}, {string.Join(", ", others)}.";
        }

        if (padding is null or { MaskedPositions: 0 })
        {
            yield break;
        }

        yield return $"Padding does not count: {padding.Mask} masks {Figures.Count(padding.MaskedPositions, "position")} of "
            + $"{padding.Positions}, left out of the statistics of {Figures.Count(padding.Axes.Count, "activation")}.";
        if (padding.IsPartial)
        {
            yield return "Padding was left out of some of the merged calibrations only: the others had no mask, or "
                + "all positions count there.";
        }

        if (padding.Undecided.Count > 0)
        {
            yield return $"Padding counts in {Figures.Count(padding.Undecided.Count, "activation")} whose shapes do not show which axes "
                + $"follow the mask, {padding.Undecided[0]} the first; name these axes with {MaskAxesOption.Name}.";
        }
    }

    /// <summary>How much of the model runs in int8, and which conversions are left.</summary>
    public static IEnumerable<string> Int8Nodes(PtqResult result, bool isVerbose)
    {
        string others = result.ConversionKinds.Count > MaxReasons ? ", ..." : "";
        string codes = result.Plan.Nodes.Any(node => node.Weights?.Blocks is not null) ? "on codes" : "in int8";
        yield return $"ONNX Runtime runs {Figures.Count(result.Int8Nodes, "node")} {codes}{InBrackets(result.Int8Operators)}, "
            + $"{Figures.Count(result.Conversions, "conversion")} "
            + $"left{InBrackets(result.ConversionKinds.OrderByDescending(kind => kind.Value).Take(MaxReasons), others)}.";
        foreach (string reason in isVerbose ? result.ConversionReasons : [])
        {
            yield return $"  Conversion {reason}";
        }
    }

    /// <summary>
    /// The nodes that stay in float, by their reasons, the most frequent first; all of them where the user wants to know everything.
    /// </summary>
    public static IEnumerable<string> FloatNodes(PtqResult result, bool isVerbose)
    {
        if (isVerbose)
        {
            return result.FloatNodes.Concat(result.FloatPatterns).Select(each => $"Stays in float: {each.Key} ({each.Value})");
        }

        IGrouping<string, string>[] reasons = GroupsOf(result.FloatNodes);
        return reasons.Take(MaxReasons).Select(group => Write(group, "node")).Concat(Rest(reasons.Length))
            .Concat(GroupsOf(result.FloatPatterns).Select(group => Write(group, "place")));
    }

    private static IGrouping<string, string>[] GroupsOf(IReadOnlyDictionary<string, string> reasons) =>
        [.. reasons.GroupBy(each => each.Value, each => each.Key).OrderByDescending(group => group.Count())];

    private static string Write(IGrouping<string, string> group, string what) => group.Count() == 1
        ? $"Stays in float: {group.Single()} ({group.Key})"
        : $"Stay in float: {Figures.Count(group.Count(), what)}, {group.First()} the first ({group.Key})";

    private static string InBrackets(IEnumerable<KeyValuePair<string, int>> counts, string others = "")
    {
        string list = string.Join(", ", counts.Select(count => $"{count.Key} {count.Value}"));
        return list.Length > 0 ? $" ({list}{others})" : "";
    }

    private static IEnumerable<string> Rest(int reasons)
    {
        if (reasons > MaxReasons)
        {
            yield return $"  and {Figures.Count(reasons - MaxReasons, "other reason")}; --verbose shows all.";
        }
    }

    /// <summary>What reports tell of a model, what a user should know of it, and of the ranges that a calibrator chose.</summary>
    public static IEnumerable<string> Statements(QuantizationReport report, string calibrator, PtqResult result) =>
        report.Advice.Concat(report.Warnings).Select(CommandLineWords.Instance.Render).Concat(RangeNotes(calibrator, result));

    /// <summary>What a user should know of the model and of the ranges that a calibrator chose; usually nothing.</summary>
    public static IEnumerable<string> Remarks(string calibrator, PtqResult result) =>
        result.Warnings.Select(CommandLineWords.Instance.Render).Concat(RangeNotes(calibrator, result));

    private static IEnumerable<string> RangeNotes(string calibrator, PtqResult result)
    {
        if (result.Activations.Count == 0)
        {
            yield break;
        }

        (string activation, CalibrationResult worst) = result.Activations.MaxBy(pair => pair.Value.ClippedShare);
        if (worst.ClippedShare > NotableClipping)
        {
            yield return $"{calibrator} clips {Figures.Percent(worst.ClippedShare)} of the values of activation '{activation}'; where "
                + "accuracy suffers, choose another calibrator.";
        }

        foreach ((string name, CalibrationResult range) in result.Activations.Where(pair => pair.Value.Note is not null).Take(MaxNotes))
        {
            yield return $"{calibrator}, activation '{name}': {range.Note}";
        }
    }
}
