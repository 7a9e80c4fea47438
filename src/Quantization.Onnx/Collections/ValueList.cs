using System.Collections;
using System.Runtime.CompilerServices;

namespace Quantization.Onnx;

/// <summary>
/// A list that nothing can change: a copy of what it was made from. It prints its items, so records that hold one do too.
/// </summary>
/// <typeparam name="T">The items.</typeparam>
internal sealed class ValueList<T> : IReadOnlyList<T>
{
    private readonly T[] _items;

    private ValueList(T[] items) => _items = items;

    /// <summary>The list without items.</summary>
    public static ValueList<T> Empty { get; } = new([]);

    /// <inheritdoc />
    public int Count => _items.Length;

    /// <inheritdoc />
    public T this[int index] => _items[index];

    /// <summary>The copy of a list; the list itself where it is such a copy already.</summary>
    /// <param name="items">The list.</param>
    /// <param name="name">What errors call it.</param>
    public static ValueList<T> Of(IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(items, name);
        return items as ValueList<T> ?? Copy([.. items]);
    }

    /// <inheritdoc />
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();

    /// <summary>The items between square brackets.</summary>
    public override string ToString() => ValueText.List(_items);

    /// <summary>Records that hold nothing stay equal.</summary>
    private static ValueList<T> Copy(T[] items) => items.Length == 0 ? Empty : new ValueList<T>(items);
}
