using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Which nodes of a graph run on codes, and which values are quantized for them.</summary>
/// <param name="Nodes">The nodes in the graph's order.</param>
/// <param name="Activations">
/// The values to quantize, in the order in which they are made, each with the value whose statistics it takes: its own, or for what a node only moved, those of the value moved.
/// </param>
/// <param name="Float">Nodes with weights that stay in float, and why, by name.</param>
internal sealed record QuantizationPlan(
    IReadOnlyList<PlannedNode> Nodes,
    IReadOnlyDictionary<string, string> Activations,
    IReadOnlyDictionary<string, string> Float)
{
    /// <summary>The bounds, by the value whose statistics are taken, beyond which values make no difference to their readers.</summary>
    public required IReadOnlyDictionary<string, EffectiveRange> EffectiveRanges { get; init; }

    /// <summary>The nodes among those in float that are so because of what calibration saw, in the graph's order.</summary>
    public IReadOnlyList<DeadNode> Dead { get; init; } = [];

    private const int MostReasons = 3;

    /// <summary>Why a plan without nodes has none, in words that follow a colon.</summary>
    public string WhyEmpty()
    {
        if (Float.Count == 0)
        {
            return "the model has no Conv, ConvTranspose, Gemm or MatMul, and no table of embeddings";
        }

        IGrouping<string, string>[] reasons = [.. Float.GroupBy(each => each.Value, each => each.Key).OrderByDescending(group => group.Count())];
        string listed = string.Join("; ", reasons.Take(MostReasons).Select(Describe));
        int others = reasons.Skip(MostReasons).Sum(group => group.Count());
        return "each Conv, ConvTranspose, Gemm, MatMul and table of embeddings stays in float, " + (others == 0 ? listed : string.Create(CultureInfo.InvariantCulture, $"{listed}; {others} more for other reasons"));

        static string Describe(IGrouping<string, string> group)
        {
            int others = group.Count() - 1;
            return string.Create(CultureInfo.InvariantCulture, $"'{group.First()}'{(others == 0 ? "" : $" and {others} more")}: {group.Key}");
        }
    }
}
