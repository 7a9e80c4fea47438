using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>Writes advice as <c>{"code": …, "arguments": {…}, "message": …}</c>, and reads it back from code and arguments.</summary>
/// <param name="render">Gives the message. Writing needs it alone; reading goes by code and arguments.</param>
public sealed class AdviceJsonConverter(Func<Advice, string> render) : JsonConverter<Advice>
{
    private const string CodeName = "code", ArgumentsName = "arguments", MessageName = "message";

    /// <summary>A converter whose messages are for C# programmers.</summary>
    public AdviceJsonConverter()
        : this(advice => advice.Message)
    {
    }

    /// <inheritdoc />
    public override Advice Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        try
        {
            JsonElement root = document.RootElement;
            AdviceCode code = Enum.Parse<AdviceCode>(root.GetProperty(CodeName).GetString()!);
            JsonElement.ObjectEnumerator arguments = root.GetProperty(ArgumentsName).EnumerateObject();
            Advice advice = new(code, arguments.Select(each => (each.Name, (object?)ToArgument(each))));
            _ = advice.Message; // needs every argument, each of its type
            return advice;
        }
        catch (Exception e) when (
            e is KeyNotFoundException or InvalidOperationException or InvalidCastException or ArgumentException or FormatException)
        {
            throw new JsonException($"This is no advice: {e.Message}", e);
        }
    }

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, Advice value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString(CodeName, value.Code.ToString());
        writer.WriteStartObject(ArgumentsName);
        foreach ((string name, object argument) in value.Arguments)
        {
            writer.WritePropertyName(name);
            WriteArgument(writer, argument);
        }

        writer.WriteEndObject();
        writer.WriteString(MessageName, render(value));
        writer.WriteEndObject();
    }

    private static void WriteArgument(Utf8JsonWriter writer, object argument)
    {
        switch (argument)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case long count:
                writer.WriteNumberValue(count);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double number when !double.IsFinite(number):
                writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                writer.WriteRawValue(ToJson(number));
                break;
            case IReadOnlyList<string> names:
                writer.WriteStartArray();
                foreach (string name in names)
                {
                    writer.WriteStringValue(name);
                }

                writer.WriteEndArray();
                break;
        }
    }

    /// <summary>A point or an exponent tells numbers from counts.</summary>
    private static string ToJson(double number) =>
        number.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().ContainsAny('.', 'E') ? text : $"{text}.0";

    private static object ToArgument(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String when AdviceNumbers.Names.Contains(property.Name) =>
            double.Parse(property.Value.GetString()!, CultureInfo.InvariantCulture),
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number when property.Value.GetRawText().AsSpan().ContainsAny('.', 'E', 'e') => property.Value.GetDouble(),
        JsonValueKind.Number => property.Value.GetInt64(),
        JsonValueKind.True or JsonValueKind.False => property.Value.GetBoolean(),
        JsonValueKind.Array => property.Value.EnumerateArray().Select(each => each.GetString()!).ToArray(),
        _ => throw new FormatException($"argument '{property.Name}' is {property.Value.ValueKind}."),
    };
}
