using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>The fields of a JSON object, read with errors that name the file, the place, the value and what can be there.</summary>
internal sealed class JsonFields
{
    private const int LongestValue = 60;

    private readonly string _path;
    private readonly string _place;
    private readonly Dictionary<string, JsonElement> _fields = [];

    /// <param name="path">The file.</param>
    /// <param name="place">Where the object is in it; empty for the whole.</param>
    /// <param name="element">The object.</param>
    /// <param name="known">The fields that it may have.</param>
    /// <exception cref="InvalidDataException">It is no object, or has another field or one twice.</exception>
    public JsonFields(string path, string place, JsonElement element, IReadOnlyList<string> known)
    {
        _path = path;
        _place = place;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException(
                $"{path}: {(place.Length == 0 ? "the file" : place)} is {Shorten(element)}; an object {{…}} belongs there.");
        }

        foreach (JsonProperty field in element.EnumerateObject())
        {
            if (!known.Contains(field.Name))
            {
                throw new InvalidDataException(
                    $"{path}: {PlaceOf(VisibleText.Short(field.Name))}: there is no such field; known are {string.Join(", ", known)}.");
            }

            if (!_fields.TryAdd(field.Name, field.Value))
            {
                throw new InvalidDataException($"{path}: {PlaceOf(field.Name)}: the field stands there twice; leave one out.");
            }
        }
    }

    /// <summary>A field; null where it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        _fields.TryGetValue(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text.</summary>
    public string Text(string name) => Required(name) is { ValueKind: JsonValueKind.String } value
        ? value.GetString()!
        : throw Wrong(name, "a text in quotes belongs there");

    /// <summary>A text; null where it is absent.</summary>
    public string? TextOrNull(string name) => Find(name) is null ? null : Text(name);

    /// <summary>A list of texts; empty where it is absent.</summary>
    public IEnumerable<string> Texts(string name) => Items(name).Select(
        item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(name, "a list of texts in quotes belongs there"));

    /// <summary>Texts by name; empty where they are absent.</summary>
    public IReadOnlyDictionary<string, string> TextsByName(string name)
    {
        Dictionary<string, string> found = [];
        if (Find(name) is { } value)
        {
            foreach (JsonProperty field in value.ValueKind == JsonValueKind.Object
                ? value.EnumerateObject()
                : throw Wrong(name, "an object of texts belongs there"))
            {
                found[field.Name] = field.Value.ValueKind == JsonValueKind.String
                    ? field.Value.GetString()!
                    : throw Wrong(name, "an object of texts belongs there");
            }
        }

        return found;
    }

    /// <summary>A list; empty where it is absent.</summary>
    public IEnumerable<JsonElement> Items(string name) => Find(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray()
        : throw Wrong(name, "a list […] belongs there");

    /// <summary>A whole number.</summary>
    public int Integer(string name) => Required(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number)
        ? number
        : throw Wrong(name, "a whole number belongs there");

    /// <summary>Whether something is so; it is not where that is absent.</summary>
    public bool Flag(string name) => Find(name) is not { } value ? false
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "true or false belongs there");

    /// <summary>A list of whole numbers.</summary>
    public IEnumerable<int> Integers(string name) =>
        Items(name).Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number)
            ? number
            : throw Wrong(name, "whole numbers belong there"));

    /// <summary>A number.</summary>
    public float Float(string name) => Required(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetSingle(out float number)
        ? number
        : throw Wrong(name, "a number belongs there");

    /// <summary>A list of numbers.</summary>
    public IEnumerable<float> Floats(string name) =>
        Items(name).Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetSingle(out float number)
            ? number
            : throw Wrong(name, "numbers belong there"));

    /// <summary>One of some names.</summary>
    public T OneOf<T>(string name, FrozenDictionary<string, T> names) => names.TryGetValue(Text(name), out T? value)
        ? value
        : throw Wrong(name, $"known are {string.Join(", ", names.Keys.Order(StringComparer.Ordinal))}");

    /// <summary>The error of a field.</summary>
    /// <param name="name">The field.</param>
    /// <param name="way">What can be there.</param>
    public InvalidDataException Wrong(string name, string way) =>
        new($"{_path}: {PlaceOf(name)} is {(_fields.TryGetValue(name, out JsonElement value) ? Shorten(value) : "missing")}; "
            + $"{way.TrimEnd('.')}.");

    private JsonElement Required(string name) => Find(name) ?? throw Wrong(name, "it has to be there");

    private string PlaceOf(string name) => _place.Length == 0 ? name : $"{_place}.{name}";

    private static string Shorten(JsonElement value)
    {
        string text = VisibleText.Of(value.GetRawText());
        return text.Length <= LongestValue ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, LongestValue)}…");
    }
}
