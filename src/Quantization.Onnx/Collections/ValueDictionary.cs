using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>A dictionary that nothing can change: a copy of what it was made from, in the same order. It prints its entries.</summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">The values.</typeparam>
internal sealed class ValueDictionary<TKey, TValue> : IReadOnlyDictionary<TKey, TValue>
    where TKey : notnull
{
    private readonly Dictionary<TKey, TValue> _entries;

    private ValueDictionary(Dictionary<TKey, TValue> entries) => _entries = entries;

    /// <summary>The dictionary without entries.</summary>
    public static ValueDictionary<TKey, TValue> Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => _entries.Count;

    /// <inheritdoc />
    public IEnumerable<TKey> Keys => _entries.Keys;

    /// <inheritdoc />
    public IEnumerable<TValue> Values => _entries.Values;

    /// <inheritdoc />
    public TValue this[TKey key] => _entries[key];

    /// <summary>The copy of a dictionary; the dictionary itself where it is such a copy already.</summary>
    public static ValueDictionary<TKey, TValue> Of(IEnumerable<KeyValuePair<TKey, TValue>> entries, string name)
    {
        ArgumentNullException.ThrowIfNull(entries, name);
        return entries as ValueDictionary<TKey, TValue> ?? Copy(new Dictionary<TKey, TValue>(entries));
    }

    /// <inheritdoc />
    public bool ContainsKey(TKey key) => _entries.ContainsKey(key);

    /// <inheritdoc />
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <inheritdoc />
    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _entries.GetEnumerator();

    /// <summary>The entries between braces.</summary>
    public override string ToString() => ValueText.Entries(_entries);

    /// <summary>Records that hold nothing stay equal.</summary>
    private static ValueDictionary<TKey, TValue> Copy(Dictionary<TKey, TValue> entries) =>
        entries.Count == 0 ? Empty : new ValueDictionary<TKey, TValue>(entries);
}
