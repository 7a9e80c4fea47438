using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Cuts a graph into segments, so that the weights of one segment are in memory at a time. It cuts where few values cross from one segment
/// to the next: in a language model that is between two layers. The same graph and limit give the same segments.
/// </summary>
internal sealed class SegmentCutter
{
    private readonly GraphProto _graph;
    private readonly Dictionary<string, TensorProto> _stored;
    private readonly HashSet<string> _computed = [];

    /// <summary>The stored tensors behind the values that depend on no input.</summary>
    private readonly Dictionary<string, IReadOnlyList<TensorProto>> _constants = [];

    /// <summary>The nodes that depend on the inputs, with what they read.</summary>
    private readonly List<(NodeProto Node, HashSet<string> Reads, List<TensorProto> Weights)> _nodes = [];

    private SegmentCutter(GraphProto graph)
    {
        _graph = graph;
        _stored = graph.Initializer.ToDictionary(tensor => tensor.Name);
    }

    /// <summary>Cuts a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="limit">The most bytes of weights of a segment, unless a single node reads more.</param>
    /// <returns>The segments in their order: a single one where all weights fit, or where the nodes are in no order to run in.</returns>
    public static IReadOnlyList<ModelSegment> Cut(GraphProto graph, long limit)
    {
        SegmentCutter cutter = new(graph);
        bool isOrdered = cutter.Sort();
        List<int> ends = isOrdered ? cutter.FindEnds(limit) : [cutter._nodes.Count];
        return cutter.Make(ends.Count > 0 ? ends : [0]); // a graph whose nodes are all constant has a segment too
    }

    /// <summary>
    /// Tells the nodes that depend on the inputs from those that compute constants; false where a node reads what a later one makes.
    /// </summary>
    private bool Sort()
    {
        HashSet<string> later = [.. _graph.Node.SelectMany(node => node.Output)];
        _computed.UnionWith(_graph.Input.Select(input => input.Name).Where(name => !_stored.ContainsKey(name)));
        bool isOrdered = true;
        foreach (NodeProto node in _graph.Node)
        {
            HashSet<string> reads = ReadsOf(node);
            isOrdered &= !reads.Overlaps(later);
            later.ExceptWith(node.Output);
            List<TensorProto> weights = [.. reads.SelectMany(WeightsBehind).Distinct<TensorProto>(ReferenceEqualityComparer.Instance)];

            // A node that reads nothing holds a value, or makes one that is not known before, such as random numbers.
            bool isConstant = reads.Count > 0 ? !reads.Overlaps(_computed)
                : node.Attribute.Any(attribute => attribute.Name.StartsWith("value", StringComparison.Ordinal));
            if (isConstant)
            {
                foreach (string output in node.Output)
                {
                    _constants[output] = weights;
                }
            }
            else
            {
                _computed.UnionWith(node.Output);
                _nodes.Add((node, reads, weights));
            }
        }

        return isOrdered;
    }

    /// <summary>What a node reads, and what the graphs inside of it read.</summary>
    private static HashSet<string> ReadsOf(NodeProto node)
    {
        HashSet<string> reads = [.. node.Input];
        foreach (GraphProto inner in node.Subgraphs().SelectMany(GraphExtensions.AllGraphs))
        {
            reads.UnionWith(inner.Node.SelectMany(each => each.Input));
            reads.UnionWith(inner.Output.Select(output => output.Name));
        }

        reads.Remove("");
        return reads;
    }

    private IReadOnlyList<TensorProto> WeightsBehind(string value) =>
        _stored.TryGetValue(value, out TensorProto? tensor) ? [tensor] : _constants.GetValueOrDefault(value, []);

    /// <summary>Where each segment ends, as the number of nodes before.</summary>
    private List<int> FindEnds(long limit)
    {
        int[] crossing = CountCrossings();
        List<int> ends = [];
        for (int start = 0; start < _nodes.Count; start = ends[^1])
        {
            ends.Add(FindEnd(start, limit, crossing));
        }

        return ends;
    }

    /// <summary>
    /// The end of the segment that begins at a node: of all ends that fill at least half of the limit, the last one of those where the
    /// fewest values cross. Where a large weight leaves none of these, a segment may be smaller.
    /// </summary>
    private int FindEnd(int start, long limit, int[] crossing)
    {
        HashSet<TensorProto> held = new(ReferenceEqualityComparer.Instance);
        long bytes = 0;
        int best = -1, small = -1;
        for (int end = start + 1; end <= _nodes.Count; end++)
        {
            bytes += _nodes[end - 1].Weights.Where(held.Add).Sum(tensor => (long)tensor.CalculateSize());
            if (bytes > limit)
            {
                return best > 0 ? best : small > 0 ? small : end;
            }

            if (bytes > 0 && (small < 0 || crossing[end] <= crossing[small]))
            {
                small = end;
            }

            if (2 * bytes >= limit && (best < 0 || crossing[end] <= crossing[best]))
            {
                best = end;
            }
        }

        return _nodes.Count;
    }

    /// <summary>How many values cross from the nodes before each place to those behind.</summary>
    private int[] CountCrossings()
    {
        int[] changes = new int[_nodes.Count + 1];
        Dictionary<string, int> made = [], last = [];
        for (int i = 0; i < _nodes.Count; i++)
        {
            foreach (string value in _nodes[i].Reads.Where(made.ContainsKey))
            {
                last[value] = i;
            }

            foreach (string output in _nodes[i].Node.Output)
            {
                made[output] = i;
            }
        }

        foreach ((string value, int reader) in last)
        {
            changes[made[value] + 1]++;
            changes[reader + 1]--;
        }

        for (int i = 1; i < changes.Length; i++)
        {
            changes[i] += changes[i - 1];
        }

        return changes;
    }

    private List<ModelSegment> Make(IReadOnlyList<int> ends)
    {
        List<ModelSegment> segments = [];
        int start = 0;
        foreach (int end in ends)
        {
            HashSet<string> before = [.. _nodes.Take(start).SelectMany(each => each.Node.Output)];
            HashSet<string> after = [.. _nodes.Skip(end).SelectMany(each => each.Reads)];
            List<(NodeProto Node, HashSet<string> Reads, List<TensorProto> Weights)> own = _nodes[start..end];
            segments.Add(new ModelSegment(
                [.. own.Select(each => each.Node)],
                [.. own.SelectMany(each => each.Reads).Where(before.Contains).Distinct().Order(StringComparer.Ordinal)],
                [.. own.SelectMany(each => each.Node.Output).Where(after.Contains)]));
            start = end;
        }

        return segments;
    }
}
