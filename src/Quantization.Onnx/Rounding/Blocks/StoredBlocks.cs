using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Weights in blocks as the tensors of a model, without names.</summary>
/// <param name="Shape">The matrix.</param>
/// <param name="Codes">The codes.</param>
/// <param name="Scales">The scales.</param>
/// <param name="ZeroPoints">The zero points; null where none are written.</param>
internal sealed record StoredBlocks(BlockShape Shape, TensorProto Codes, TensorProto Scales, TensorProto? ZeroPoints)
{
    /// <summary>The bytes of all.</summary>
    public long Bytes => (long)Codes.RawData.Length + Scales.RawData.Length + (ZeroPoints?.RawData.Length ?? 0);
}
