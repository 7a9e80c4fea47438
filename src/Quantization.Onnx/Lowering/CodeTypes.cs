using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The types that ONNX stores codes in.</summary>
internal static class CodeTypes
{
    /// <summary>UINT4 and INT4 of the specification, which the schema here does not name.</summary>
    private const TensorProto.Types.DataType UInt4 = (TensorProto.Types.DataType)21, Int4 = (TensorProto.Types.DataType)22;

    /// <summary>ONNX's type for a type of codes.</summary>
    /// <exception cref="NotSupportedException">No model is written with such codes.</exception>
    public static TensorProto.Types.DataType ToOnnx(CodeType type) => type switch
    {
        CodeType.Int8 => TensorProto.Types.DataType.Int8,
        CodeType.UInt8 => TensorProto.Types.DataType.Uint8,
        CodeType.Int4 => Int4,
        CodeType.UInt4 => UInt4,
        _ => throw new NotSupportedException($"Codes of {type} are not written to models."),
    };
}
