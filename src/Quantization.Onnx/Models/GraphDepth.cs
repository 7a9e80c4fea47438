using System.Globalization;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// How deep graphs lie inside of each other. Protobuf messages may be nested 100 deep, in Google.Protobuf and in ONNX Runtime alike, and
/// each level of graphs takes three: node, attribute, graph.
/// </summary>
internal static unsafe class GraphDepth
{
    /// <summary>
    /// The deepest that ONNX Runtime 1.31 opens: 31 times an If in a branch of an If. Where no value inside has a shape it opens 32, but
    /// cannot be asked for its optimized form.
    /// </summary>
    public const int Most = 31;

    /// <summary>
    /// The nesting of messages up to which depth is told exactly. Reading is recursive, so more would need more stack than every thread
    /// has.
    /// </summary>
    private const int MessagesToCount = 250;

    private const int MessagesALevel = 3;

    private static readonly string Refusal = FindRefusal();

    /// <summary>Whether Google.Protobuf refused a message for its depth. It says so in words alone.</summary>
    public static bool IsRefusal(InvalidProtocolBufferException exception) => exception.Message == Refusal;

    /// <summary>Refuses a model whose graphs are nested deeper than ONNX Runtime reads.</summary>
    /// <exception cref="OnnxModelException">They are.</exception>
    public static void ThrowIfExceeded(string path, ModelProto model)
    {
        int depth = Measure(model);
        if (depth > Most)
        {
            throw Refuse(path, depth.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The error for a model that Google.Protobuf refused for its depth.</summary>
    public static OnnxModelException Refuse(string path, ReadOnlySpan<byte> content, Exception cause) =>
        Refuse(path, Describe(content), cause);

    private static OnnxModelException Refuse(string path, string depth, Exception? cause = null) => new(
        path,
        string.Create(CultureInfo.InvariantCulture, $"graphs inside of nodes (If, Loop, Scan) are nested {depth} deep, and ONNX Runtime "
            + $"reads {Most} at most; export the model with fewer branches inside of each other."),
        innerException: cause);

    private static string Describe(ReadOnlySpan<byte> content)
    {
        try
        {
            fixed (byte* start = content)
            {
                using UnmanagedMemoryStream stream = new(start, content.Length);
                ModelProto model = Parse(stream, MessagesToCount);
                return Measure(model).ToString(CultureInfo.InvariantCulture);
            }
        }
        catch (InvalidProtocolBufferException)
        {
            return FormattableString.Invariant($"more than {MessagesToCount / MessagesALevel}");
        }
    }

    private static int Measure(ModelProto model)
    {
        int deepest = 0;
        IEnumerable<GraphProto> roots = model.Functions.SelectMany(function => function.Node).SelectMany(GraphExtensions.Subgraphs)
            .Concat(model.Graph is null ? [] : [model.Graph]);
        Stack<(GraphProto Graph, int Depth)> rest = new(roots.Select(graph => (graph, 0)));
        while (rest.TryPop(out (GraphProto Graph, int Depth) next))
        {
            deepest = Math.Max(deepest, next.Depth);
            foreach (GraphProto inner in next.Graph.Node.SelectMany(GraphExtensions.Subgraphs))
            {
                rest.Push((inner, next.Depth + 1));
            }
        }

        return deepest;
    }

    private static ModelProto Parse(Stream stream, int messages)
    {
        using CodedInputStream input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, messages);
        return ModelProto.Parser.ParseFrom(input);
    }

    private static string FindRefusal()
    {
        ModelProto nested = new() { Graph = new GraphProto { Node = { new NodeProto { OpType = "Nested" } } } };
        try
        {
            Parse(new MemoryStream(nested.ToByteArray()), 1);
            return "";
        }
        catch (InvalidProtocolBufferException e)
        {
            return e.Message;
        }
    }
}
