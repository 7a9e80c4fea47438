using Microsoft.Extensions.VectorData.ProviderServices;

namespace Quantization.Extensions.AI.Store;

/// <summary>
/// Copies records. The store holds copies without vectors and gives copies away, so that nobody changes what it holds by changing a
/// record. Values that are objects themselves, such as lists, are shared.
/// </summary>
/// <typeparam name="TRecord">The type of records.</typeparam>
/// <param name="model">The properties of records.</param>
internal sealed class RecordCopier<TRecord>(CollectionModel model)
    where TRecord : class
{
    private readonly PropertyModel[] _copied = [.. model.Properties.Where(property => property is not VectorPropertyModel)];

    /// <summary>The key and the data of a record, without vectors.</summary>
    public TRecord Copy(TRecord record)
    {
        TRecord copy = model.CreateRecord<TRecord>() ?? throw new InvalidOperationException($"{typeof(TRecord).Name} cannot be created.");
        foreach (PropertyModel property in _copied)
        {
            property.SetValueAsObject(copy, property.GetValueAsObject(record));
        }

        return copy;
    }
}
