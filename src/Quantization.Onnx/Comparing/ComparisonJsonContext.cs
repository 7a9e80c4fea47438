using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Generates the serializer of comparisons.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ComparisonFacts))]
internal sealed partial class ComparisonJsonContext : JsonSerializerContext;
