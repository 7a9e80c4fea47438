using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Says in plain words where int8 gains nothing, why, and what to do.</summary>
internal static class SpeedAdvice
{
    /// <summary>Runs this short are mostly spent on starting nodes.</summary>
    private static readonly TimeSpan ShortRun = TimeSpan.FromMilliseconds(1);

    /// <summary>What the size of the file and the nodes that run in int8 tell, whatever the machine's speed.</summary>
    /// <param name="result">The model.</param>
    /// <param name="wanted">The nodes that the user keeps in float, which is nothing to warn of.</param>
    public static IEnumerable<string> OfGraph(PtqResult result, IReadOnlySet<string> wanted)
    {
        if (!Targets.Of(result.Runtime).IsRunHere)
        {
            yield return "The model is quantized for a runtime that compiles graphs. The int8 operators, the conversions left and the latency shown are those of ONNX Runtime here, which cannot fuse all of it: measure with the runtime that it is for.";
        }
        else if (result.Int8Nodes == 0 && result.Conversions == 0)
        {
            yield return "Only tables that rows are looked up in became int8, so the model gains size but no speed.";
        }
        else if (result.Int8Nodes == 0)
        {
            yield return "ONNX Runtime runs none of the quantized nodes in int8 here, so the model gains size but no speed: "
                + "see PtqResult.ConversionReasons, and quantize with the execution provider that the model will run on, or the CPU.";
        }

        KeyValuePair<string, string>[] stayed = [.. result.FloatNodes.Where(node => !wanted.Contains(node.Key))];
        if (stayed.Length > result.QuantizedNodes.Count)
        {
            IGrouping<string, string> reason = stayed.GroupBy(each => each.Value, each => each.Key).MaxBy(group => group.Count())!;
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Most nodes with weights stay in float, {stayed.Length} beside {result.QuantizedNodes.Count} quantized nodes, so there is little to gain; {reason.Count()} of them, such as '{reason.First()}', because: {reason.Key}.");
        }

        if (result.OutputBytes > result.ModelBytes)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The int8 model is larger than the float model, {result.OutputBytes} against {result.ModelBytes} bytes: it has too few weights to make up for the scales. Weights per tensor (PtqOptions.WeightGranularity) need fewer scales; or keep the float model.");
        }
    }

    /// <summary>What a measurement tells; null where int8 is not slower.</summary>
    /// <param name="latency">The measurement.</param>
    /// <param name="result">The model.</param>
    /// <param name="hasExactProducts">Whether the processor has the instructions that int8 gains most from.</param>
    public static string? OfLatency(LatencyComparison latency, PtqResult result, bool hasExactProducts)
    {
        if (result.Half is { } half)
        {
            return HalfAdvice.OfLatency(latency, half);
        }

        if (!latency.IsSlower)
        {
            return null;
        }

        string cause = !Targets.Of(result.Runtime).IsRunHere
            ? "It is quantized for a runtime that compiles graphs, so that says nothing of its speed there: measure with that runtime."
            : !hasExactProducts
            ? "This processor has no VNNI instructions, which int8 gains most from: measure on a processor like the one that the model will run on."
            : 2 * result.Conversions > result.Int8Nodes
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"{result.Conversions} conversions between floats and codes cost more than {result.Int8Nodes} int8 nodes save: PtqResult.ConversionReasons names the float nodes between them. Keep their int8 neighbours in float too (PtqOptions.FloatNodes), so that whole stretches of the model are either int8 or float.")
                : latency.Float < ShortRun
                    ? "The model is too small for int8 to make up for what each node costs at the start: take int8 for its size, run larger batches, or keep the float model."
                    : "Keep the nodes in float that int8 slows down (PtqOptions.FloatNodes), first those that move or add much and multiply little; or take int8 for its size alone.";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"int8 is slower than float on this machine: {latency.Quantized.TotalMilliseconds:0.000} ms against {latency.Float.TotalMilliseconds:0.000} ms a run. {cause}");
    }
}
