using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds what can take the scale of a value's columns before the value is made, so that scaling costs nothing at run time.
/// </summary>
internal static class ScaleTakers
{
    /// <summary>
    /// The value with the constants that take its scale, where only its readers see the value and there are such constants.
    /// </summary>
    /// <param name="input">The value.</param>
    /// <param name="graph">The graph.</param>
    public static ScalableInput Find(ScalableInput input, GraphIndex graph)
    {
        List<(NodeProto Node, int Input, int Axis)> constants = [];
        List<string> between = [];
        return IsReadBy(input.Value, input.Readers.Count, graph) && Add(input.Value, input.Columns, graph, constants, between)
            ? input with { Constants = constants, Between = between }
            : input;
    }

    private static bool IsReadBy(string value, int readers, GraphIndex graph) =>
        !graph.IsVisibleOutside(value) && graph.Consumers(value).Count == readers;

    private static bool Add(
        string value, int columns, GraphIndex graph, List<(NodeProto Node, int Input, int Axis)> constants, List<string> between)
    {
        if (graph.FindProducer(value) is not { } maker || maker.Output[0] != value)
        {
            return false;
        }

        switch (maker.OpType)
        {
            case "LayerNormalization" when Opset.IsOnnx(maker.Domain):
                return AddAll(Enumerable.Range(1, maker.Input.Count - 1));
            case "SimplifiedLayerNormalization" or "RMSNormalization":
                return AddAll([1]);
            case "SkipSimplifiedLayerNormalization":
                return AddAll([2]);
            case "Relu" when Opset.IsOnnx(maker.Domain):
                return Follow(maker.Input[0]);
            case "Mul" when Opset.IsOnnx(maker.Domain):
                return ConstantOf(maker) is { } factor ? AddAll([factor])
                    : maker.Input[0] != maker.Input[1] && maker.Input.Any(Follow);
            case "Add" when Opset.IsOnnx(maker.Domain):
                return ConstantOf(maker) is { } summand && Follow(maker.Input[1 - summand]) && AddAll([summand]);
            case "MatMul" when Opset.IsOnnx(maker.Domain):
                return AddMatrix(0);
            case "Gemm" when Opset.IsOnnx(maker.Domain):
                return (maker.Input.Count <= WeightSlot.BiasInput || AddAll([WeightSlot.BiasInput]))
                    && AddMatrix(maker.GetInt("transB", 0) != 0 ? 1 : 0);
            default:
                return false;
        }

        bool AddAll(IEnumerable<int> inputs)
        {
            int[] positions = [.. inputs];
            if (!Array.TrueForAll(positions, i => graph.FindConstant(maker.Input[i]) is { } tensor && tensor.IsFloat()
                && tensor.CountElements() == columns && tensor.Dims[^1] == columns))
            {
                return false;
            }

            constants.AddRange(positions.Select(i => (maker, i, graph.FindConstant(maker.Input[i])!.Dims.Count - 1)));
            return true;
        }

        bool AddMatrix(int inputAxis)
        {
            if (graph.FindConstant(maker.Input[WeightSlot.WeightInput]) is not { Dims.Count: 2 } weight
                || !weight.IsFloat()
                || weight.Dims[1 - inputAxis] != columns)
            {
                return false;
            }

            constants.Add((maker, WeightSlot.WeightInput, 1 - inputAxis));
            return true;
        }

        bool Follow(string earlier)
        {
            int before = constants.Count;
            if (IsReadBy(earlier, 1, graph) && Add(earlier, columns, graph, constants, between))
            {
                between.Add(earlier);
                return true;
            }

            constants.RemoveRange(before, constants.Count - before);
            return false;
        }

        int? ConstantOf(NodeProto node) =>
            graph.FindConstant(node.Input[1]) is not null ? 1 : graph.FindConstant(node.Input[0]) is not null ? 0 : null;
    }
}
