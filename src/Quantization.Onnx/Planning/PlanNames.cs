using System.Collections.Frozen;

namespace Quantization.Onnx;

/// <summary>The names in a plan's file.</summary>
internal static class PlanNames
{
    /// <summary>The types of codes.</summary>
    public static readonly FrozenDictionary<string, CodeType> Types = Enum.GetValues<CodeType>().ToFrozenDictionary(type => NameOf(type));

    /// <summary>The schemes.</summary>
    public static readonly FrozenDictionary<string, QuantizationScheme> Schemes = new Dictionary<string, QuantizationScheme>
    {
        ["affine"] = QuantizationScheme.Affine,
        ["symmetric"] = QuantizationScheme.Symmetric,
    }.ToFrozenDictionary();

    /// <summary>The granularities.</summary>
    public static readonly FrozenDictionary<string, GranularityKind> Granularities = new Dictionary<string, GranularityKind>
    {
        ["per-tensor"] = GranularityKind.PerTensor,
        ["per-channel"] = GranularityKind.PerChannel,
        ["per-block"] = GranularityKind.PerBlock,
    }.ToFrozenDictionary();

    /// <summary>How the range of a value is found where neither parameters nor a calibrator stand there.</summary>
    public static readonly FrozenDictionary<string, RangeRule> Ranges =
        new Dictionary<string, RangeRule> { ["dynamic"] = new DynamicRange() }.ToFrozenDictionary();

    /// <summary>The 16-bit floats.</summary>
    public static readonly FrozenDictionary<string, HalfFormat> Halves = Enum.GetValues<HalfFormat>().ToFrozenDictionary(HalfRange.NameOf);

    /// <summary>The forms of weights in blocks.</summary>
    public static readonly FrozenDictionary<string, BlockForm> Forms = new Dictionary<string, BlockForm>
    {
        ["matmul-nbits"] = BlockForm.MatMulNBits,
        ["qdq"] = BlockForm.DequantizeLinear,
    }.ToFrozenDictionary();

    /// <summary>The ways in which weights in blocks become codes.</summary>
    public static readonly FrozenDictionary<string, WeightMethod> Methods =
        Enum.GetValues<WeightMethod>()
            .ToFrozenDictionary(method => method == WeightMethod.AwqGptq ? "awq+gptq" : method.ToString().ToLowerInvariant());

    private static readonly FrozenDictionary<CodeType, CodeFormat> Formats = ((CodeFormat[])
    [
        CodeFormat.Int8, CodeFormat.UInt8, CodeFormat.Int16, CodeFormat.UInt16, CodeFormat.Int32, CodeFormat.Int4, CodeFormat.UInt4,
        CodeFormat.UInt1, CodeFormat.UInt2,
    ]).ToFrozenDictionary(format => format.Type);

    /// <summary>The format with all codes of a type.</summary>
    public static CodeFormat AllCodes(CodeType type) => Formats[type];

    /// <summary>The name of a value of these.</summary>
    public static string Of<T>(FrozenDictionary<string, T> names, T value) =>
        names.First(each => EqualityComparer<T>.Default.Equals(each.Value, value)).Key;

    private static string NameOf(CodeType type) => type.ToString().ToLowerInvariant();
}
