using System.Collections.Frozen;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds the functions of transformers that stay in float. Some of their operators have an integer form, but codes inside of such a
/// function cost conversions and accuracy, and bring no product of matrices onto integers.
/// </summary>
internal sealed class FloatPatterns
{
    private readonly Dictionary<NodeProto, FloatPattern> _byNode = new(ReferenceEqualityComparer.Instance);

    /// <summary>Operators that compute a whole function. Those that are not ONNX's own are ONNX Runtime's.</summary>
    private static readonly FrozenDictionary<string, FloatPatternKind> Single = new Dictionary<string, FloatPatternKind>
    {
        ["Softmax"] = FloatPatternKind.Softmax,
        ["Gelu"] = FloatPatternKind.Gelu,
        ["FastGelu"] = FloatPatternKind.Gelu,
        ["BiasGelu"] = FloatPatternKind.Gelu,
        ["QuickGelu"] = FloatPatternKind.Gelu,
        ["LayerNormalization"] = FloatPatternKind.LayerNorm,
        ["SkipLayerNormalization"] = FloatPatternKind.LayerNorm,
        ["RMSNormalization"] = FloatPatternKind.RmsNorm,
        ["SimplifiedLayerNormalization"] = FloatPatternKind.RmsNorm,
        ["SkipSimplifiedLayerNormalization"] = FloatPatternKind.RmsNorm,
        ["RotaryEmbedding"] = FloatPatternKind.RotaryEmbedding,
    }.ToFrozenDictionary();

    private FloatPatterns()
    {
    }

    /// <summary>The patterns, in the order of their last nodes.</summary>
    public IReadOnlyList<FloatPattern> All { get; private init; } = [];

    /// <summary>Finds the patterns of a graph.</summary>
    public static FloatPatterns Find(GraphIndex graph)
    {
        PatternGraph values = new(graph);
        List<FloatPattern> found = [];
        foreach (NodeProto node in graph.Graph.Node)
        {
            bool isKnown = Opset.IsOnnx(node.Domain) || node.Domain == Opset.MicrosoftDomain;
            FloatPattern? pattern = isKnown && Single.TryGetValue(node.OpType, out FloatPatternKind kind) ? new FloatPattern(kind, [node])
                : !Opset.IsOnnx(node.Domain) ? null : node.OpType switch
                {
                    "Exp" => SoftmaxPattern.Find(node, values),
                    "Erf" or "Tanh" => GeluPattern.Find(node, values),
                    "Sqrt" or "Pow" => NormPattern.Find(node, values),
                    "Concat" => RotaryPattern.Find(node, values),
                    _ => null,
                };
            if (pattern is not null)
            {
                found.Add(pattern);
            }
        }

        FloatPatterns patterns = new() { All = found };
        foreach (FloatPattern pattern in found)
        {
            foreach (NodeProto node in pattern.Nodes)
            {
                patterns._byNode.TryAdd(node, pattern);
            }
        }

        return patterns;
    }

    /// <summary>The pattern that a node belongs to; null where it belongs to none.</summary>
    public FloatPattern? Of(NodeProto node) => _byNode.GetValueOrDefault(node);
}
