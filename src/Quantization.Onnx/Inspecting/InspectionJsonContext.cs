using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Generates the serializer of inspections.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ModelInspection))]
internal sealed partial class InspectionJsonContext : JsonSerializerContext;
