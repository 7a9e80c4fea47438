using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Recognizes a Softmax that several operators compute: powers of e, divided by their sum.</summary>
internal static class SoftmaxPattern
{
    /// <summary>Finds the pattern around an Exp.</summary>
    public static FloatPattern? Find(NodeProto exp, PatternGraph values)
    {
        IReadOnlyList<NodeProto> readers = values.Graph.Consumers(exp.Output[0]);
        if (readers.Count != 2 || readers.FirstOrDefault(node => node.OpType == "ReduceSum") is not { } sum
            || values.ReaderOf(sum, "Div") is not { } division || !readers.Contains(division) || division.Input[0] != exp.Output[0])
        {
            return null;
        }

        // What all values of a row are lowered by changes nothing but that powers of e stay small.
        NodeProto? shift = values.MakerOf(exp.Input[0], "Sub"), most = shift is null ? null : values.MakerOf(shift.Input[1], "ReduceMax");
        NodeProto[] before = most is not null && most.Input[0] == shift!.Input[0] ? [most, shift] : [];
        return new FloatPattern(FloatPatternKind.Softmax, [.. before, exp, sum, division]);
    }
}
