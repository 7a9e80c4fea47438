using System.Text.Json;
using System.Text.Json.Serialization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Generates the serializer, so that reports also work trimmed.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(QuantizationReport))]
internal sealed partial class ReportJsonContext : JsonSerializerContext
{
    /// <summary>A serializer that words advice in its own way; null for the library's.</summary>
    public static ReportJsonContext For(Func<Advice, string>? render) => render is null
        ? Default
        : new ReportJsonContext(new JsonSerializerOptions(Default.Options) { Converters = { new AdviceJsonConverter(render) } });
}
