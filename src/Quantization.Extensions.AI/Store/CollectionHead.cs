using System.Text.Json;
using Microsoft.Extensions.VectorData.ProviderServices;
using Quantization.Extensions.AI.Search;

namespace Quantization.Extensions.AI.Store;

/// <summary>
/// The JSON in a collection's file: the columns, what they learned, and the records without vectors, a list of values each, the key first.
/// </summary>
/// <typeparam name="TKey">The type of keys.</typeparam>
/// <typeparam name="TRecord">The type of records.</typeparam>
/// <param name="model">The properties of records.</param>
internal sealed class CollectionHead<TKey, TRecord>(CollectionModel model)
    where TKey : notnull
    where TRecord : class
{
    private const int RecordsPerFlush = 1024;

    private readonly PropertyModel[] _properties = [model.KeyProperty, .. model.DataProperties];

    /// <summary>Writes the columns and records.</summary>
    public void Write(Stream stream, VectorColumn[] columns, IReadOnlyList<(TKey Key, TRecord Record)> records)
    {
        using Utf8JsonWriter writer = new(stream);
        writer.WriteStartObject();
        writer.WriteNumber("rows", records.Count);
        writer.WriteStartArray("columns");
        for (int i = 0; i < columns.Length; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("property", model.VectorProperties[i].StorageName);
            writer.WriteString("layout", columns[i].Layout);
            writer.WriteStartArray("learned");
            foreach (float value in columns[i].Learned)
            {
                writer.WriteNumberValue(value);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("properties");
        foreach (PropertyModel property in _properties)
        {
            writer.WriteStringValue(property.StorageName);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("records");
        for (int row = 0; row < records.Count; row++)
        {
            writer.WriteStartArray();
            foreach (PropertyModel property in _properties)
            {
                JsonSerializer.Serialize(writer, property.GetValueAsObject(records[row].Record), property.Type);
            }

            writer.WriteEndArray();
            if (row % RecordsPerFlush == 0)
            {
                writer.Flush();
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Reads records, and gives columns what they had learned.</summary>
    /// <exception cref="InvalidDataException">The file is of another kind of collection.</exception>
    /// <exception cref="JsonException">A value is not of its property's type.</exception>
    public List<(TKey Key, TRecord Record)> Read(ReadOnlySpan<byte> json, VectorColumn[] columns)
    {
        Utf8JsonReader reader = new(json);
        Next(ref reader, JsonTokenType.StartObject);
        int rows = Value<int>(ref reader);
        ColumnHead[] heads = Value<ColumnHead[]>(ref reader);
        string[] properties = Value<string[]>(ref reader);
        string expected = string.Join("; ", columns.Select((column, i) => $"{model.VectorProperties[i].StorageName}: {column.Layout}"));
        string actual = string.Join("; ", heads.Select(head => $"{head.Property}: {head.Layout}"));
        ThrowUnlessSame("vectors", actual, expected);
        ThrowUnlessSame(
            "properties", string.Join(", ", properties), string.Join(", ", _properties.Select(property => property.StorageName)));
        for (int i = 0; i < columns.Length; i++)
        {
            if (heads[i].Learned.Length != columns[i].Learned.Length)
            {
                throw new InvalidDataException(
                    $"'{heads[i].Property}' has {heads[i].Learned.Length} thresholds instead of {columns[i].Learned.Length}.");
            }

            columns[i].Learned = heads[i].Learned;
        }

        List<(TKey Key, TRecord Record)> records = new(Math.Clamp(rows, 0, json.Length));
        Next(ref reader, JsonTokenType.PropertyName);
        Next(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            TRecord record = model.CreateRecord<TRecord>() ?? throw new InvalidDataException($"{typeof(TRecord).Name} cannot be created.");
            foreach (PropertyModel property in _properties)
            {
                reader.Read();
                property.SetValueAsObject(record, JsonSerializer.Deserialize(ref reader, property.Type));
            }

            Next(ref reader, JsonTokenType.EndArray);
            records.Add(model.KeyProperty.GetValueAsObject(record) is TKey key
                ? (key, record)
                : throw new InvalidDataException($"Record {records.Count} has no key."));
        }

        return records.Count == rows ? records : throw new InvalidDataException($"There are {records.Count} records instead of {rows}.");
    }

    private static TValue Value<TValue>(ref Utf8JsonReader reader)
    {
        Next(ref reader, JsonTokenType.PropertyName);
        reader.Read();
        return JsonSerializer.Deserialize<TValue>(ref reader, JsonSerializerOptions.Web)
            ?? throw new InvalidDataException("A part of the head is null.");
    }

    private static void Next(ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (!reader.Read() || reader.TokenType != expected)
        {
            throw new InvalidDataException($"The head has {reader.TokenType} instead of {expected}.");
        }
    }

    private static void ThrowUnlessSame(string what, string actual, string expected)
    {
        if (actual != expected)
        {
            throw new InvalidDataException($"The file's {what} are ({actual}); the collection's are ({expected}).");
        }
    }
}
