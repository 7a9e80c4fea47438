using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Where a tensor's bytes lie outside of the model.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Path">The file.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">The number of bytes.</param>
internal sealed record ExternalRegion(TensorProto Tensor, string Path, long Offset, long Length)
{
    /// <summary>Whether another region of the same file has exactly the same bytes.</summary>
    public bool IsSameAs(ExternalRegion other) => Offset == other.Offset && Length == other.Length;
}
