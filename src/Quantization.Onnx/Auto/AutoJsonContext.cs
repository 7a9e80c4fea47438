using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Generates the serializer of automatic choices.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AutoFacts))]
internal sealed partial class AutoJsonContext : JsonSerializerContext
{
    /// <summary>A serializer that words advice in its own way; null for the library's.</summary>
    public static AutoJsonContext For(Func<Advice, string>? render) => render is null
        ? Default
        : new AutoJsonContext(new JsonSerializerOptions(Default.Options) { Converters = { new AdviceJsonConverter(render) } });
}
