using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>What a model is and what the ways of quantizing would do to it. Immutable.</summary>
public sealed record ModelInspection
{
    /// <summary>The version of the JSON form: it grows when a property changes its meaning or disappears, not when one is added.</summary>
    [JsonPropertyOrder(-1)]
    public int SchemaVersion { get; } = 1;

    /// <summary>The model's file, or what it is called.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The bytes of the file and of those beside it that hold its weights.</summary>
    public required long Bytes { get; init; }

    /// <summary>What wrote the model, with its version; empty where the model does not say.</summary>
    public required string Producer { get; init; }

    /// <summary>The version of the file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>The versions of the operator sets by domain; ONNX's own is <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, long> Opsets
    {
        get;
        init => field = ValueDictionary<string, long>.Of(value, nameof(Opsets));
    }

    /// <summary>The inputs, without those that have a stored value.</summary>
    public required IReadOnlyList<InspectedValue> Inputs
    {
        get;
        init => field = ValueList<InspectedValue>.Of(value, nameof(Inputs));
    }

    /// <summary>The outputs.</summary>
    public required IReadOnlyList<InspectedValue> Outputs
    {
        get;
        init => field = ValueList<InspectedValue>.Of(value, nameof(Outputs));
    }

    /// <summary>What the model looks like.</summary>
    public required ModelKind Kind { get; init; }

    /// <summary>All stored values that nodes read.</summary>
    public required long Parameters { get; init; }

    /// <summary>The operators, those with the most bytes first.</summary>
    public required IReadOnlyList<InspectedOperator> Operators
    {
        get;
        init => field = ValueList<InspectedOperator>.Of(value, nameof(Operators));
    }

    /// <summary>
    /// The encodings that the model has already, each with its number of nodes (of tensors for 16-bit floats); empty for a model of 32-bit
    /// floats.
    /// </summary>
    public required IReadOnlyDictionary<string, int> Encodings
    {
        get;
        init => field = ValueDictionary<string, int>.Of(value, nameof(Encodings));
    }

    /// <summary>Whether nodes work on codes already, so that no way of quantizing fits.</summary>
    public required bool IsQuantized { get; init; }

    /// <summary>
    /// The nodes of a quantized model that ONNX Runtime runs on integers here, by operator; null where that was not checked: for float
    /// models and large ones.
    /// </summary>
    public IReadOnlyDictionary<string, int>? Int8Operators
    {
        get;
        init => field = value is null ? null : ValueDictionary<string, int>.Of(value, nameof(Int8Operators));
    }

    /// <summary>
    /// The conversions of a quantized model that ONNX Runtime cannot fuse, counted as <see cref="PtqResult.ConversionKinds"/> does; null
    /// where that was not checked.
    /// </summary>
    public IReadOnlyDictionary<string, int>? Unfused
    {
        get;
        init => field = value is null ? null : ValueDictionary<string, int>.Of(value, nameof(Unfused));
    }

    /// <summary>What each way would do; empty for a quantized model.</summary>
    public required IReadOnlyList<InspectedWay> Ways
    {
        get;
        init => field = ValueList<InspectedWay>.Of(value, nameof(Ways));
    }

    /// <summary>The facts as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, InspectionJsonContext.Default.ModelInspection);
}
