using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The types of a body's own inputs where the body does not tell them.</summary>
internal static class BodyInputs
{
    /// <summary>What a loop's body gets before the values that it carries: the number of the iteration, and the condition.</summary>
    public const int BeforeCarried = 2;

    /// <summary>An input with the type that the body's node gives it.</summary>
    /// <param name="body">The body.</param>
    /// <param name="kind">When it runs.</param>
    /// <param name="position">The position of the input.</param>
    /// <param name="types">The types of the node's inputs.</param>
    public static ValueInfoProto Describe(NodeBody body, BodyKind kind, int position, SegmentTypes types)
    {
        string name = body.Graph.Input[position].Name;
        int element = kind == BodyKind.Loop && position < BeforeCarried
            ? (int)(position == 0 ? TensorProto.Types.DataType.Int64 : TensorProto.Types.DataType.Bool)
            : types.Describe(body.Node.Input[position]).Type.TensorType.ElemType;
        TypeProto.Types.Tensor type = new() { ElemType = element };
        if (kind == BodyKind.Loop && position < BeforeCarried)
        {
            type.Shape = new TensorShapeProto(); // a scalar
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = type } };
    }
}
