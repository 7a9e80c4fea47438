using System.Collections;

namespace Quantization.Onnx;

/// <summary>A set of names that nothing can change: a copy of what it was made from, in the same order. It prints its items.</summary>
internal sealed class ValueSet : IReadOnlySet<string>
{
    private readonly HashSet<string> _items;

    private ValueSet(HashSet<string> items) => _items = items;

    /// <summary>The set without items.</summary>
    public static ValueSet Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => _items.Count;

    /// <summary>The copy of a set; the set itself where it is such a copy already.</summary>
    public static ValueSet Of(IReadOnlySet<string> items, string name)
    {
        ArgumentNullException.ThrowIfNull(items, name);
        return items as ValueSet ?? (items.Count == 0 ? Empty : new ValueSet(new HashSet<string>(items, StringComparer.Ordinal)));
    }

    /// <inheritdoc />
    public bool Contains(string item) => _items.Contains(item);

    /// <inheritdoc />
    public bool IsProperSubsetOf(IEnumerable<string> other) => _items.IsProperSubsetOf(other);

    /// <inheritdoc />
    public bool IsProperSupersetOf(IEnumerable<string> other) => _items.IsProperSupersetOf(other);

    /// <inheritdoc />
    public bool IsSubsetOf(IEnumerable<string> other) => _items.IsSubsetOf(other);

    /// <inheritdoc />
    public bool IsSupersetOf(IEnumerable<string> other) => _items.IsSupersetOf(other);

    /// <inheritdoc />
    public bool Overlaps(IEnumerable<string> other) => _items.Overlaps(other);

    /// <inheritdoc />
    public bool SetEquals(IEnumerable<string> other) => _items.SetEquals(other);

    /// <inheritdoc />
    public IEnumerator<string> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <summary>The items between square brackets.</summary>
    public override string ToString() => ValueText.List(_items);
}
