using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice where int8 gains nothing: why, and what to do.</summary>
internal static class SpeedAdvice
{
    /// <summary>Runs this short are mostly spent on starting nodes.</summary>
    private static readonly TimeSpan ShortRun = TimeSpan.FromMilliseconds(1);

    /// <summary>What the size of the file and the nodes that run in int8 tell, regardless of the machine's speed.</summary>
    /// <param name="result">The model.</param>
    /// <param name="wanted">The nodes that the user keeps in float, which is nothing to warn of.</param>
    public static IEnumerable<Advice> OfGraph(PtqResult result, IReadOnlySet<string> wanted)
    {
        if (!Targets.Of(result.Runtime).IsRunHere)
        {
            yield return new Advice(AdviceCode.RuntimeNotRunHere, ("runtime", Targets.Of(result.Runtime).Name));
        }
        else if (result.Int8Nodes == 0)
        {
            yield return new Advice(result.Conversions == 0 ? AdviceCode.OnlyTablesQuantized : AdviceCode.NothingRunsInInt8);
        }

        KeyValuePair<string, string>[] stayed = [.. result.FloatNodes.Where(node => !wanted.Contains(node.Key))];
        if (stayed.Length > result.QuantizedNodes.Count)
        {
            IGrouping<string, string> reason = stayed.GroupBy(each => each.Value, each => each.Key).MaxBy(group => group.Count())!;
            yield return new Advice(
                AdviceCode.MostNodesStayInFloat,
                ("floatNodes", stayed.Length),
                ("quantizedNodes", result.QuantizedNodes.Count),
                ("reason", reason.Key),
                ("nodesOfReason", reason.Count()),
                ("node", reason.First()));
        }

        if (result.OutputBytes > result.ModelBytes)
        {
            yield return new Advice(AdviceCode.LargerThanFloat, ("quantizedBytes", result.OutputBytes), ("floatBytes", result.ModelBytes));
        }
    }

    /// <summary>What a measurement tells; null where the model is not slower than the float one.</summary>
    /// <param name="latency">The measurement.</param>
    /// <param name="result">The model.</param>
    /// <param name="hasExactProducts">Whether the processor has the instructions that int8 gains most from.</param>
    public static Advice? OfLatency(LatencyComparison latency, PtqResult result, bool hasExactProducts)
    {
        if (!latency.IsSlower)
        {
            return null;
        }

        if (result.Half is { } half)
        {
            return HalfAdvice.Slower(latency, half);
        }

        AdviceCode cause = !Targets.Of(result.Runtime).IsRunHere ? AdviceCode.SlowerForOtherRuntime
            : !hasExactProducts ? AdviceCode.SlowerWithoutVnni
            : 2 * result.Conversions > result.Int8Nodes ? AdviceCode.SlowerForConversions
            : latency.Float < ShortRun ? AdviceCode.SlowerForSmallModel
            : AdviceCode.SlowerThanFloat;
        bool tellsNodes = cause == AdviceCode.SlowerForConversions;
        return new Advice(
            cause,
            ("floatMilliseconds", latency.Float),
            ("quantizedMilliseconds", latency.Quantized),
            ("conversions", tellsNodes ? result.Conversions : null),
            ("int8Nodes", tellsNodes ? result.Int8Nodes : null));
    }

    /// <summary>What the processor tells: products of 8-bit codes saturate.</summary>
    /// <param name="safeBits">The most bits of weights whose products do not.</param>
    public static Advice ProductsSaturate(int safeBits) => new(AdviceCode.ProductsSaturate, ("safeBits", safeBits));

    /// <summary>Whether an advice rests on a measurement.</summary>
    public static bool IsOfLatency(Advice advice) =>
        advice.Code is AdviceCode.HalfSlowerThanFloat or AdviceCode.LatencyDisturbed || IsOfInt8Latency(advice);

    /// <summary>Other work on the machine disturbed a measurement.</summary>
    public static Advice Busy(LatencyComparison latency) => new(
        AdviceCode.LatencyDisturbed,
        ("spread", latency.Spread),
        ("otherLoad", latency.OtherLoad),
        ("cores", Environment.ProcessorCount));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.ProductsSaturate => new AdviceText(
            "This processor has no VNNI instructions: ONNX Runtime adds products of 8-bit codes in 16 bits, where large ones saturate.",
            $"For models that run on such processors {words.WeightBits(advice.Count("safeBits"))}."),
        AdviceCode.RuntimeNotRunHere => new AdviceText(
            "The model is quantized for a runtime that compiles graphs. The int8 operators, the conversions left and the latency shown "
                + "are those of ONNX Runtime here, which cannot fuse all of it:",
            "measure with the runtime that it is for."),
        AdviceCode.OnlyTablesQuantized => new AdviceText(
            "Only embedding tables became int8, so the model is smaller but not faster.",
            "Take it for its size, or keep the float model."),
        AdviceCode.NothingRunsInInt8 => new AdviceText(
            "ONNX Runtime runs none of the quantized nodes in int8 here, so the model is smaller but not faster:",
            $"see {words.Conversions}, and quantize with the execution provider that the model will run on, or the CPU."),
        AdviceCode.MostNodesStayInFloat => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Most nodes with weights stay in float, {advice.Count("floatNodes")} beside {advice.Count("quantizedNodes")} quantized "
                    + $"nodes, so there is little to gain; {advice.Count("nodesOfReason")} of them, such as '{advice.Text("node")}', "
                    + $"because: {advice.Text("reason")}."),
            "Take the model for its size, or keep the float model."),
        AdviceCode.LargerThanFloat => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The int8 model is larger than the float model, {advice.Count("quantizedBytes")} against {advice.Count("floatBytes")} "
                    + $"bytes: it has too few weights to make up for the scales."),
            $"Weights per tensor ({words.WeightsPerTensor}) need fewer scales; or keep the float model."),
        AdviceCode.LatencyDisturbed => new AdviceText(
            Disturbance(advice), "Measure again on an idle machine before you decide by them."),
        _ => IsOfInt8Latency(advice) ? WriteLatency(advice, words) : null,
    };

    /// <summary>What showed that the machine was busy.</summary>
    private static string Disturbance(Advice advice)
    {
        string spread = advice.FindNumber("spread") is { } range && range >= LatencyComparison.WideSpread
            ? string.Create(CultureInfo.InvariantCulture, $"the middle half of the runs lies {100 * range:F0} % of the median apart")
            : "";
        return advice.FindNumber("otherLoad") is { } others && others >= LatencyComparison.HeavyLoad
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"The machine was busy while latencies were measured: other programs used {100 * others:F0} % of its "
                    + $"{advice.Count("cores")} "
                    + $"cores{(spread.Length > 0 ? $", and {spread}" : "")}. The latencies are rough.")
            : $"The latencies are rough: {spread}, as on a busy machine.";
    }

    private static bool IsOfInt8Latency(Advice advice) => advice.Code is AdviceCode.SlowerForOtherRuntime or AdviceCode.SlowerWithoutVnni
        or AdviceCode.SlowerForConversions or AdviceCode.SlowerForSmallModel or AdviceCode.SlowerThanFloat;

    private static AdviceText WriteLatency(Advice advice, AdviceWords words)
    {
        (string cause, string wayOut) = advice.Code switch
        {
            AdviceCode.SlowerForOtherRuntime => (
                " It is quantized for a runtime that compiles graphs, so this says nothing about its speed there:",
                "measure with that runtime."),
            AdviceCode.SlowerWithoutVnni => (
                " This processor has no VNNI instructions, which int8 gains most from:",
                "measure on a processor like the one that the model will run on."),
            AdviceCode.SlowerForConversions => (
                string.Create(
                    CultureInfo.InvariantCulture,
                    $" {advice.Count("conversions")} conversions between floats and codes cost more than {advice.Count("int8Nodes")} int8 "
                        + $"nodes save: {words.Conversions} names the float nodes between them."),
                $"Keep their int8 neighbours in float too ({words.FloatNodes}), so that long parts of the model are either int8 or "
                    + $"float."),
            AdviceCode.SlowerForSmallModel => (
                " The model is too small for int8 to make up for the fixed cost of each node:",
                "take int8 for its size, run larger batches, or keep the float model."),
            _ => (
                "",
                $"Keep the nodes in float that int8 slows down ({words.FloatNodes}), first those that move or add many values and multiply "
                    + $"few; or take int8 only for its size."),
        };
        return new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"int8 is slower than float on this machine: {advice.Number("quantizedMilliseconds"):0.000} ms against "
                    + $"{advice.Number("floatMilliseconds"):0.000} ms per run.{cause}"),
            wayOut);
    }
}
