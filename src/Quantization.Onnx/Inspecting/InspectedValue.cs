namespace Quantization.Onnx;

/// <summary>An input or an output of a model. Immutable.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">
/// The element type as ONNX calls it, in lower case: <c>float</c>, <c>int64</c>; <c>unknown</c> where the model does not say.
/// </param>
/// <param name="Shape">The lengths of its axes, free ones by name or <c>?</c>; null where the model does not say.</param>
public sealed record InspectedValue(string Name, string Type, IReadOnlyList<string>? Shape)
{
    /// <summary>The lengths of its axes, free ones by name or <c>?</c>; null where the model does not say.</summary>
    public IReadOnlyList<string>? Shape
    {
        get;
        init => field = value is null ? null : ValueList<string>.Of(value, nameof(Shape));
    } = Shape is null ? null : ValueList<string>.Of(Shape, nameof(Shape));
}
