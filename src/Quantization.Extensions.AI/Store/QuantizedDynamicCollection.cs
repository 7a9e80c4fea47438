using System.Diagnostics.CodeAnalysis;
using Quantization.Extensions.AI.Store;

namespace Quantization.Extensions.AI;

/// <summary>
/// A <see cref="QuantizedCollection{TKey, TRecord}"/> whose records are dictionaries, for schemas that no class stands for.
/// </summary>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "All collections of VectorData are named so.")]
public sealed class QuantizedDynamicCollection : QuantizedCollection<object, Dictionary<string, object?>>
{
    /// <summary>Makes a collection that belongs to no store.</summary>
    /// <param name="name">The collection's name.</param>
    /// <param name="options">How vectors are kept, with the definition of records.</param>
    /// <exception cref="ArgumentException">There is no definition, or a property asks for what this store does not have.</exception>
    public QuantizedDynamicCollection(string name, QuantizedCollectionOptions options)
        : base(name, options)
    {
    }

    internal QuantizedDynamicCollection(string name, QuantizedCollectionOptions options, Func<Func<ICollectionData>, ICollectionData> share)
        : base(name, options, share)
    {
    }
}
