using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Generates the serializer of work. NaN and infinity are words, since figures can be both.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ShardContent))]
[JsonSerializable(typeof(TrialContent))]
[JsonSerializable(typeof(ScoringContent))]
[JsonSerializable(typeof(TrialFigures))]
internal sealed partial class WorkJsonContext : JsonSerializerContext;
