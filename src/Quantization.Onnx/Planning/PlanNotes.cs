using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Why nodes stay in float.</summary>
/// <param name="Float">Nodes with weights that stay in float, and why, by name.</param>
/// <param name="Dead">Those among them that stay because of what calibration saw, in the graph's order.</param>
internal sealed record PlanNotes(IReadOnlyDictionary<string, string> Float, IReadOnlyList<DeadNode> Dead)
{
    private const int MostReasons = 3;

    /// <summary>No notes.</summary>
    public static PlanNotes None { get; } = new(new Dictionary<string, string>(), []);

    /// <summary>What a plan is made of and an empty one's model lacks.</summary>
    public string Wanted { get; init; } = $"{OperatorRules.WeightedNames}, and no table of embeddings";

    /// <summary>The same, where each stays in float.</summary>
    public string Each { get; init; } = $"{OperatorRules.EachWeightedNames} and table of embeddings";

    /// <summary>Why a plan without nodes has none, in words that follow a colon.</summary>
    public string WhyEmpty()
    {
        if (Float.Count == 0)
        {
            return $"the model has no {Wanted}";
        }

        IGrouping<string, string>[] reasons = [.. Float.GroupBy(each => each.Value, each => each.Key).OrderByDescending(group => group.Count())];
        string listed = string.Join("; ", reasons.Take(MostReasons).Select(Describe));
        int others = reasons.Skip(MostReasons).Sum(group => group.Count());
        return $"each {Each} stays in float, " + (others == 0 ? listed : string.Create(CultureInfo.InvariantCulture, $"{listed}; {others} more for other reasons"));

        static string Describe(IGrouping<string, string> group)
        {
            int others = group.Count() - 1;
            return string.Create(CultureInfo.InvariantCulture, $"'{group.First()}'{(others == 0 ? "" : $" and {others} more")}: {group.Key}");
        }
    }
}
