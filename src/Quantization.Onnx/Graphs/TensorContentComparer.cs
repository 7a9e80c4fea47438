using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Tells tensors apart by all that they hold. The hash looks at a few bytes alone: most tensors of a model differ in their shapes or there,
/// and hashing all weights of each model that is tried would take longer than the rest of writing it.
/// </summary>
internal sealed class TensorContentComparer : IEqualityComparer<TensorProto>
{
    /// <summary>How many bytes are hashed at most.</summary>
    private const int HashedBytes = 256;

    public static TensorContentComparer Instance { get; } = new();

    public bool Equals(TensorProto? x, TensorProto? y) => ReferenceEquals(x, y) || (x is not null && x.Equals(y));

    public int GetHashCode(TensorProto obj)
    {
        if (obj.RawData.IsEmpty)
        {
            return obj.GetHashCode();
        }

        HashCode hash = default;
        hash.Add(obj.DataType);
        foreach (long length in obj.Dims)
        {
            hash.Add(length);
        }

        // Spread over all bytes, by a step that is odd so that not all are the same byte of their numbers.
        ReadOnlySpan<byte> bytes = obj.RawData.Span;
        for (int i = 0, step = bytes.Length / HashedBytes | 1; i < bytes.Length; i += step)
        {
            hash.Add(bytes[i]);
        }

        return hash.ToHashCode();
    }
}
