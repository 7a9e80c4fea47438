using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Quantization;

/// <summary>
/// The JSON of <see cref="QuantizationParameters"/>: <c>{"version":1,"scales":[0.5,0.25],"zeroPoints":[3,-7]}</c>, without
/// <c>zeroPoints</c> where all are 0.
/// </summary>
/// <remarks>Written by hand, without reflection, so that trimming and native compilation keep it.</remarks>
internal static class QuantizationParametersJson
{
    private const int Version = 1;
    private const int LongestExcerpt = 40;
    private const string VersionName = "version";
    private const string ScalesName = "scales";
    private const string ZeroPointsName = "zeroPoints";

    public static void Write(Utf8JsonWriter writer, QuantizationParameters parameters)
    {
        writer.WriteStartObject();
        writer.WriteNumber(VersionName, Version);
        writer.WriteStartArray(ScalesName);
        foreach (float scale in parameters.Scales)
        {
            // The shortest digits that lead back to the same float.
            writer.WriteNumberValue(scale);
        }

        writer.WriteEndArray();
        if (!parameters.IsSymmetric)
        {
            writer.WriteStartArray(ZeroPointsName);
            foreach (int zeroPoint in parameters.ZeroPoints)
            {
                writer.WriteNumberValue(zeroPoint);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    public static string Write(QuantizationParameters parameters)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter writer = new(bytes))
        {
            Write(writer, parameters);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    public static QuantizationParameters Read(ReadOnlySpan<byte> utf8Json)
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        Utf8JsonReader reader = new(utf8Json.StartsWith(mark) ? utf8Json[mark.Length..] : utf8Json);
        try
        {
            using JsonDocument document = JsonDocument.ParseValue(ref reader);

            // Throws where anything follows the value.
            reader.Read();
            return Read(document.RootElement);
        }
        catch (JsonException error)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");
            throw new InvalidDataException(
                $"Quantization parameters: the JSON is damaged in {place}; write it with QuantizationParameters.ToJson.", error);
        }
    }

    public static QuantizationParameters Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Error($"the JSON is {Describe(root)}; it must be an object with \"{VersionName}\" and \"{ScalesName}\"");
        }

        try
        {
            return ReadObject(root);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDataException(
                "Quantization parameters: the name of a property is no Unicode text; write the JSON with QuantizationParameters.ToJson.",
                error);
        }
    }

    private static QuantizationParameters ReadObject(JsonElement root)
    {
        Dictionary<string, JsonElement> properties = [];
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!properties.TryAdd(property.Name, property.Value))
            {
                throw Error($"{Quote(property.Name)} is there more than once; keep one");
            }
        }

        // Another version may have other properties: it is told first.
        ThrowUnlessVersion(properties);
        foreach (string name in properties.Keys)
        {
            if (name is not (VersionName or ScalesName or ZeroPointsName))
            {
                throw Error($"{Quote(name)} is no property of version {Version}; remove it");
            }
        }

        if (!properties.TryGetValue(ScalesName, out JsonElement scaleArray))
        {
            throw Error($"\"{ScalesName}\" is missing; add it with one scale per group");
        }

        float[] scales = ReadScales(scaleArray);
        int[] zeroPoints = properties.TryGetValue(ZeroPointsName, out JsonElement zeroPointArray)
            ? ReadZeroPoints(zeroPointArray)
            : new int[scales.Length];
        return zeroPoints.Length == scales.Length
            ? new QuantizationParameters(scales, zeroPoints)
            : throw Error(
                $"""
                "{ZeroPointsName}" has {zeroPoints.Length} elements, "{ScalesName}" has {scales.Length}; give as many, or none if all are 0
                """);
    }

    private static void ThrowUnlessVersion(Dictionary<string, JsonElement> properties)
    {
        if (!properties.TryGetValue(VersionName, out JsonElement element))
        {
            throw Error($"\"{VersionName}\" is missing; add it with the value {Version}");
        }

        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out int version) || version != Version)
        {
            throw Error(
                $"\"{VersionName}\" is {Describe(element)}; this library reads version {Version}, and a newer library may read others");
        }
    }

    private static float[] ReadScales(JsonElement array)
    {
        ThrowUnlessArray(array, ScalesName);
        float[] scales = new float[array.GetArrayLength()];
        int i = 0;
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetSingle(out scales[i])
                || !(scales[i] > 0) || !float.IsFinite(scales[i]))
            {
                throw Error(
                    $"\"{ScalesName}\"[{i}] is {Describe(element)}; a scale must be a number above 0 and finite in single precision");
            }

            i++;
        }

        return scales.Length > 0 ? scales : throw Error($"\"{ScalesName}\" is empty; at least one scale is needed");
    }

    private static int[] ReadZeroPoints(JsonElement array)
    {
        ThrowUnlessArray(array, ZeroPointsName);
        int[] zeroPoints = new int[array.GetArrayLength()];
        int i = 0;
        foreach (JsonElement element in array.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out zeroPoints[i]))
            {
                throw Error(
                    $"\"{ZeroPointsName}\"[{i}] is {Describe(element)}; a zero-point must be an integer of 32 bits without a fraction");
            }

            i++;
        }

        return zeroPoints;
    }

    private static void ThrowUnlessArray(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            throw Error($"\"{name}\" is {Describe(element)}; it must be an array of numbers");
        }
    }

    /// <summary>The value as it is written; an array or object by its kind, since it may be long.</summary>
    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => Shorten(element.GetRawText()),
    };

    private static string Quote(string name) => $"\"{Shorten(JsonEncodedText.Encode(name).ToString())}\"";

    private static string Shorten(string text) => text.Length <= LongestExcerpt ? text : $"{text.AsSpan(0, LongestExcerpt)}…";

    private static InvalidDataException Error(FormattableString message) =>
        new($"Quantization parameters: {FormattableString.Invariant(message)}.");
}
