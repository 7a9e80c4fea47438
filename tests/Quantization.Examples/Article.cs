using Microsoft.Extensions.VectorData;

namespace Quantization.Examples;

public sealed class Article
{
    [VectorStoreKey]
    public int Id { get; set; }

    [VectorStoreData]
    public string Text { get; set; } = "";

    [VectorStoreVector(26, IndexKind = IndexKind.QuantizedFlat)]
    public string Content => Text;
}
