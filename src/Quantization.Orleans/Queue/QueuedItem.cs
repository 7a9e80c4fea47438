using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>An item on its way between client, queue and worker.</summary>
/// <param name="Kind">See <see cref="WorkItem.Kind"/>.</param>
/// <param name="Name">See <see cref="WorkItem.Name"/>.</param>
/// <param name="Samples">See <see cref="WorkItem.Samples"/>.</param>
/// <param name="Content">See <see cref="WorkItem.Content"/>.</param>
/// <param name="Id">See <see cref="WorkItem.Id"/>.</param>
[GenerateSerializer]
[Alias("quantization.item")]
internal sealed record QueuedItem(WorkKind Kind, string Name, int Samples, byte[] Content, string Id)
{
    /// <summary>What travels of an item.</summary>
    public static QueuedItem Of(WorkItem item) => new(item.Kind, item.Name, item.Samples, item.Content.ToArray(), item.Id);

    /// <summary>The item again.</summary>
    public WorkItem ToItem() => new(Kind, Name, Samples, Content);
}
