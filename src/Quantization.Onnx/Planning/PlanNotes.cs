namespace Quantization.Onnx;

/// <summary>Why nodes stay in float.</summary>
/// <param name="Float">Nodes with weights that stay in float, and why, by name.</param>
/// <param name="Dead">Those among them that stay because of what calibration saw, in the graph's order.</param>
internal sealed record PlanNotes(IReadOnlyDictionary<string, string> Float, IReadOnlyList<DeadNode> Dead)
{
    /// <summary>No notes.</summary>
    public static PlanNotes None { get; } = new(new Dictionary<string, string>(), []);

    /// <summary>Known functions that stay in float, such as GELU, and why, by the name of the node that makes their result.</summary>
    public IReadOnlyDictionary<string, string> Patterns
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(Patterns));
    } = ValueDictionary<string, string>.Empty;

    /// <summary>The 16-bit floats that the plan was made for; null where it was made for codes.</summary>
    public HalfFormat? Half { get; init; }

    /// <summary>Whether the plan was made without samples, which would have told more.</summary>
    public bool IsBlind { get; init; }
}
