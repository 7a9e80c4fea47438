using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quantization.Reporting;

/// <summary>Generates the serializer, so that reports also work trimmed.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(QuantizationReport))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
