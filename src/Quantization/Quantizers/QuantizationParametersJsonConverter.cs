using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quantization;

/// <summary>
/// Lets <see cref="JsonSerializer"/> write and read <see cref="QuantizationParameters"/> as parts of other objects, in the form of
/// <see cref="QuantizationParameters.ToJson"/>. The serializer finds it by itself; it uses no
/// reflection.
/// </summary>
public sealed class QuantizationParametersJsonConverter : JsonConverter<QuantizationParameters>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    /// <exception cref="InvalidDataException">The JSON describes no parameters, or those of another version.</exception>
    public override QuantizationParameters Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return QuantizationParametersJson.Read(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, QuantizationParameters value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        QuantizationParametersJson.Write(writer, value);
    }
}
