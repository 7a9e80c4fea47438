using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Generates the serializer of automatic choices.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AutoFacts))]
internal sealed partial class AutoJsonContext : JsonSerializerContext;
