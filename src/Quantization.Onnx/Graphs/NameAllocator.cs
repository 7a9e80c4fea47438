using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Hands out short names that a graph does not use yet: in a small model the names of values weigh as much as its weights.
/// </summary>
internal sealed class NameAllocator
{
    private const string Digits = "abcdefghijklmnopqrstuvwxyz";

    private readonly HashSet<string> _taken;
    private int _next;

    public NameAllocator(GraphProto graph)
        : this([graph])
    {
    }

    /// <summary>Hands out names that none of several graphs uses.</summary>
    public NameAllocator(IEnumerable<GraphProto> graphs)
    {
        _taken = [.. graphs.SelectMany(GraphExtensions.AllGraphs)
            .SelectMany(each => each.Node.SelectMany(node => node.Input.Concat(node.Output))
                .Concat(each.Initializer.Select(tensor => tensor.Name))
                .Concat(each.Input.Select(value => value.Name))
                .Concat(each.Output.Select(value => value.Name)))];
    }

    /// <summary>A name that was never used before.</summary>
    public string Next()
    {
        string name;
        do
        {
            name = "";
            for (int rest = _next++; ; rest = rest / Digits.Length - 1)
            {
                name = Digits[rest % Digits.Length] + name;
                if (rest < Digits.Length)
                {
                    break;
                }
            }
        }
        while (!_taken.Add(name));

        return name;
    }
}
