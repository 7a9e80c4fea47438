using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The operator set that a model imports from ONNX's own domain.</summary>
internal static class Opset
{
    /// <summary>Per-channel QuantizeLinear and DequantizeLinear came with this version.</summary>
    public const long PerChannel = 13;

    /// <summary>DequantizeLinear in blocks, of codes of 4 bits too, came with this version.</summary>
    public const long Blocks = 21;

    /// <summary>The domain of ONNX Runtime's own operators.</summary>
    public const string MicrosoftDomain = "com.microsoft";

    /// <summary>Whether a domain is ONNX's own, which has two spellings.</summary>
    public static bool IsOnnx(string domain) => domain is "" or "ai.onnx";

    /// <summary>The import of ONNX's own domain; null where there is none.</summary>
    public static OperatorSetIdProto? Find(ModelProto model) => model.OpsetImport.FirstOrDefault(import => IsOnnx(import.Domain));
}
