using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Adds constants to a graph, equal ones once.</summary>
internal sealed class InitializerPool(GraphProto graph, NameAllocator names)
{
    private readonly Dictionary<TensorProto, string> _byContent = new(TensorContentComparer.Instance);

    /// <summary>The name of an initializer with this content; the tensor's own name counts for nothing.</summary>
    public string Add(TensorProto tensor)
    {
        TensorProto content = tensor.Clone();
        content.ClearName();
        ref string? name = ref CollectionsMarshal.GetValueRefOrAddDefault(_byContent, content, out bool isKnown);
        if (!isKnown)
        {
            name = names.Next();
            TensorProto named = content.Clone();
            named.Name = name;
            graph.Initializer.Add(named);
        }

        return name!;
    }
}
