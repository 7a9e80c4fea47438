using System.Text.Json;

namespace Quantization.Extensions.AI.Generators;

/// <summary>The JSON of a calibration.</summary>
internal static class EmbeddingCalibrationFile
{
    private const string Format = "quantization.embeddings";
    private const int Version = 1;

    /// <summary>Writes a calibration; floats are written so that they come back with the same bits.</summary>
    public static void Write(Stream stream, EmbeddingCalibration calibration)
    {
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("format", Format);
        writer.WriteNumber("version", Version);
        writer.WriteNumber("dimensions", calibration.Dimensions);
        writer.WriteNumber("scale", calibration.Scale);
        writer.WriteStartArray("mean");
        foreach (float value in calibration.Mean.Span)
        {
            writer.WriteNumberValue(value);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <exception cref="JsonException">The text is no JSON.</exception>
    /// <exception cref="InvalidDataException">The JSON is no calibration, or is of another version.</exception>
    /// <exception cref="ArgumentException">The figures are impossible.</exception>
    public static EmbeddingCalibration Read(Stream content)
    {
        using JsonDocument document = JsonDocument.Parse(content);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("format", out JsonElement format)
            || format.ValueKind != JsonValueKind.String || format.GetString() != Format)
        {
            throw new InvalidDataException($"This is no calibration of embeddings: the property 'format' is not \"{Format}\".");
        }

        int version = (int)Number(root, "version");
        if (version != Version)
        {
            throw new InvalidDataException($"The version is {version}; this library reads version {Version}.");
        }

        float scale = Number(root, "scale");
        if (!root.TryGetProperty("mean", out JsonElement mean) || mean.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException("The property 'mean' is no list of numbers.");
        }

        List<float> values = [];
        foreach (JsonElement value in mean.EnumerateArray())
        {
            values.Add(value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number)
                ? number
                : throw new InvalidDataException($"The mean of dimension {values.Count} is no number."));
        }

        float dimensions = Number(root, "dimensions");
        return dimensions == values.Count
            ? new EmbeddingCalibration(scale, values.ToArray())
            : throw new InvalidDataException($"There are {values.Count} means for {dimensions} dimensions.");
    }

    private static float Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number)
            ? number
            : throw new InvalidDataException($"The property '{name}' is no number.");
}
