using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What a model becomes when every call of a function is replaced by the function's nodes, as ONNX Runtime does when it opens the model.
/// Functions that call functions can double it at each level.
/// </summary>
internal sealed class FunctionExpansion
{
    /// <summary>
    /// The most nodes that calls of functions may come to, with the calls inside of them. ONNX Runtime 1.31 takes up to 40 s to inline
    /// 65,000, and four times as long for twice as many.
    /// </summary>
    public const long MostNodes = 100_000;

    /// <summary>How deep functions may call each other: ONNX Runtime goes over the whole model for each level.</summary>
    public const int MostLevels = 100;

    /// <summary>The most bytes of tensors that inlining may add to a model.</summary>
    public const long MostBytes = 1L << 31;

    private readonly string _path;
    private readonly Func<IEnumerable<NodeProto>, long> _measure;
    private readonly ILookup<FunctionKey, FunctionProto> _functions;
    private readonly Dictionary<FunctionKey, long> _sizes = [];
    private readonly Dictionary<FunctionKey, int> _levels = [];
    private readonly HashSet<FunctionKey> _open = [];

    private FunctionExpansion(string path, ModelProto model, Func<IEnumerable<NodeProto>, long> measure)
    {
        _path = path;
        _measure = measure;
        _functions = model.Functions.ToLookup(function => KeyOf(function.Domain, function.Name, function.Overload));
        foreach (IGrouping<FunctionKey, FunctionProto> function in _functions)
        {
            Visit(function.Key);
        }
    }

    /// <summary>Refuses a model whose functions call themselves or become too many nodes.</summary>
    /// <exception cref="OnnxModelException">The message names the function.</exception>
    public static void ThrowIfTooManyNodes(string path, ModelProto model)
    {
        if (model.Functions.Count > 0)
        {
            new FunctionExpansion(path, model, nodes => nodes.LongCount()).ThrowIfMore(model, MostNodes, "nodes");
        }
    }

    /// <summary>
    /// Refuses a model whose functions hold tensors and are called so often that they fill the memory. External data must have been read.
    /// </summary>
    /// <exception cref="OnnxModelException">The message names the function.</exception>
    public static void ThrowIfTooManyBytes(string path, ModelProto model)
    {
        if (model.Functions.Count > 0)
        {
            new FunctionExpansion(path, model, CountBytes).ThrowIfMore(model, MostBytes, "bytes of tensors");
        }
    }

    private void ThrowIfMore(ModelProto model, long most, string unit)
    {
        Dictionary<FunctionKey, long> calls = CallsIn(model.Graph.AllGraphs().SelectMany(graph => graph.Node));
        long total = 0;
        foreach (FunctionKey function in calls.Keys.OrderByDescending(key => Multiply(_sizes[key], calls[key])))
        {
            if (_levels[function] > MostLevels)
            {
                throw new OnnxModelException(_path, string.Create(
                    CultureInfo.InvariantCulture,
                    $"function '{VisibleText.Short(function.Name)}'{InDomain(function.Domain)} calls functions {_levels[function]} levels "
                        + $"deep, and {MostLevels} are the most that are accepted; export the model without functions inside of each "
                        + $"other."));
            }

            total = Add(total, Multiply(_sizes[function], calls[function]));
            if (total > most)
            {
                throw new OnnxModelException(_path, string.Create(
                    CultureInfo.InvariantCulture,
                    $"the calls of function '{VisibleText.Short(function.Name)}'{InDomain(function.Domain)} come to "
                        + $"{(total == long.MaxValue ? "more than " : "")}{total} {unit} when ONNX Runtime inlines them, and {most} are "
                        + $"the most that are accepted; export the model without functions inside of each other."));
            }
        }
    }

    /// <summary>
    /// Finds the size of a function after those of the functions that it calls. The stack is explicit, since a chain of calls may be long.
    /// </summary>
    private void Visit(FunctionKey root)
    {
        Stack<FunctionKey> rest = new([root]);
        while (rest.TryPeek(out FunctionKey function))
        {
            if (_sizes.ContainsKey(function))
            {
                rest.Pop();
                continue;
            }

            List<NodeProto> nodes =
                [.. _functions[function].SelectMany(each => each.Node.Concat(each.AllGraphs().SelectMany(graph => graph.Node)))];
            Dictionary<FunctionKey, long> calls = CallsIn(nodes);
            if (_open.Add(function))
            {
                foreach (FunctionKey called in calls.Keys.Where(called => !_sizes.ContainsKey(called)))
                {
                    rest.Push(_open.Contains(called) ? throw Cycle(called) : called);
                }
            }
            else
            {
                _sizes[function] = calls.Aggregate(_measure(nodes), (size, call) => Add(size, Multiply(_sizes[call.Key], call.Value)));
                _levels[function] = 1 + calls.Keys.Select(called => _levels[called]).DefaultIfEmpty().Max();
                rest.Pop();
            }
        }
    }

    private Dictionary<FunctionKey, long> CallsIn(IEnumerable<NodeProto> nodes) =>
        nodes.Select(node => KeyOf(node.Domain, node.OpType, node.Overload)).Where(_functions.Contains).CountBy(key => key)
            .ToDictionary(each => each.Key, each => (long)each.Value);

    private OnnxModelException Cycle(FunctionKey function) =>
        new(
            _path,
            $"function '{VisibleText.Short(function.Name)}'{InDomain(function.Domain)} calls itself, directly or through others, so it "
                + "has no end; export the model again.");

    private static long CountBytes(IEnumerable<NodeProto> nodes) =>
        nodes.SelectMany(node => node.Attribute)
            .SelectMany(attribute => attribute.StoredTensors().Concat(attribute.Subgraphs().SelectMany(GraphExtensions.StoredTensors)))
            .Sum(CountBytes);

    private static long CountBytes(TensorProto tensor)
    {
        long narrow = (long)tensor.FloatData.Count + tensor.Int32Data.Count;
        long wide = (long)tensor.Int64Data.Count + tensor.DoubleData.Count + tensor.Uint64Data.Count;
        return tensor.RawData.Length + sizeof(float) * narrow + sizeof(long) * wide;
    }

    private static FunctionKey KeyOf(string domain, string name, string overload) =>
        new(Opset.IsOnnx(domain) ? "" : domain, name, overload);

    private static string InDomain(string domain) => domain.Length == 0 ? "" : $" of domain '{VisibleText.Short(domain)}'";

    private static long Add(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    private static long Multiply(long a, long b) => (long)Int128.Min((Int128)a * b, long.MaxValue);

    private readonly record struct FunctionKey(string Domain, string Name, string Overload);
}
