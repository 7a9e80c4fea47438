using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A value of a traced forward method, and how it is written.</summary>
/// <param name="Value">What it was when the model ran.</param>
/// <param name="Write">Adds what computes it to the graph.</param>
internal sealed record TracedValue(Tensor Value, Func<OnnxValue> Write)
{
    /// <summary>A value that is in the graph already.</summary>
    public static TracedValue Of(Tensor value, OnnxValue written) => new(value, () => written);

    /// <summary>Whether its values are those of another, bit for bit or both NaN.</summary>
    public bool Is(Tensor other) => Value.dtype == other.dtype && Value.shape.AsSpan().SequenceEqual(other.shape) && Value.equal(other).all().item<bool>();
}
