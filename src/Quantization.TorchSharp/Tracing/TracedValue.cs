using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A value of a traced forward method, and how it is written.</summary>
/// <param name="Value">What it was when the model ran, or a corner of that.</param>
/// <param name="Write">Adds what computes it to the graph.</param>
internal sealed record TracedValue(Tensor Value, Func<OnnxValue> Write)
{
    /// <summary>A corner has so many elements along an axis at most.</summary>
    private const long CornerLength = 4;

    /// <summary>Computes the whole value where <see cref="Value"/> is a corner of it.</summary>
    public Func<Tensor> Whole { get; init; } = () => Value;

    /// <summary>A value that is in the graph already.</summary>
    public static TracedValue Of(Tensor value, OnnxValue written) => new(value, () => written);

    /// <summary>The corner of a value: functions of single elements have the same values there, and take less time to try.</summary>
    public TracedValue Corner() => this with { Value = CornerOf(Value), Whole = () => Value };

    /// <summary>The corner of a tensor.</summary>
    public static Tensor CornerOf(Tensor value)
    {
        for (int axis = 0; axis < value.dim(); axis++)
        {
            value = value.narrow(axis, 0, Math.Min(CornerLength, value.shape[axis]));
        }

        return value.contiguous();
    }

    /// <summary>Whether its values are those of another, bit for bit.</summary>
    public bool Is(Tensor other) => AreSame(Value, other);

    /// <summary>Whether the whole value is another one, where a corner of it is.</summary>
    public bool IsWhole(Tensor corner, Tensor other) => Is(corner) && AreSame(Whole(), other);

    private static bool AreSame(Tensor value, Tensor other) =>
        value.dtype == other.dtype && value.shape.AsSpan().SequenceEqual(other.shape) && value.equal(other).all().item<bool>();
}
