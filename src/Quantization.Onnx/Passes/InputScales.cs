using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Scales the columns of values that weights multiply: each column is divided by a factor, and its weights are multiplied by it. What
/// makes the value takes the factors where it can and nobody else reads the value; otherwise a Mul does.
/// </summary>
internal static class InputScales
{
    /// <summary>Finds the values whose columns can be scaled.</summary>
    /// <param name="graph">The graph.</param>
    public static IReadOnlyList<ScalableInput> Find(GraphIndex graph)
    {
        HashSet<string> made = [.. graph.Graph.Node.SelectMany(node => node.Output)];
        return
        [
            .. graph.Graph.Node.Where(node => IsReader(node, graph)).Select(node => node.Input[0]).Distinct()
                .Select(value => Find(value, graph)).OfType<ScalableInput>()
                .Where(found => found.IsFolded || !made.Contains(found.ScaledValue)),
        ];
    }

    /// <summary>Scales the values of a model.</summary>
    /// <param name="model">The model, which is changed.</param>
    /// <param name="scalings">The exponents.</param>
    /// <returns>The values that Mul nodes make of others.</returns>
    /// <exception cref="ArgumentException">The model has no such value, or it has another number of columns.</exception>
    public static IReadOnlySet<string> Apply(ModelProto model, IEnumerable<InputScaling> scalings)
    {
        GraphIndex graph = new(model.Graph);
        ScaledConstants constants = new(model.Graph, graph);
        HashSet<string> divided = [];
        Dictionary<string, ScalableInput> found = Find(graph).ToDictionary(each => each.Value);
        foreach (InputScaling scaling in scalings)
        {
            if (!found.Remove(scaling.Value, out ScalableInput? input) || input.Columns != scaling.Exponents.Length)
            {
                throw new ArgumentException(
                    $"The plan scales {scaling.Exponents.Length} columns of '{scaling.Value}', but the model has no value of this name "
                    + "with as many columns that MatMul or Gemm multiplies by constant weights, or the plan scales it "
                        + "twice; plan for this model.",
                    nameof(scalings));
            }

            float[] factors = [.. scaling.Exponents.Select(exponent => MathF.ScaleB(1, exponent))];
            float[] inverse = [.. scaling.Exponents.Select(exponent => MathF.ScaleB(1, -exponent))];
            foreach (NodeProto reader in input.Readers)
            {
                constants.Scale(reader, WeightSlot.WeightInput, ScalableInput.AxisOf(reader), factors);
            }

            foreach ((NodeProto node, int position, int axis) in input.Constants)
            {
                constants.Scale(node, position, axis, inverse);
            }

            if (!input.IsFolded)
            {
                Divide(model.Graph, input, constants.Add(inverse, [inverse.Length]));
                divided.Add(input.ScaledValue);
            }
        }

        UnusedConstants.Remove(model.Graph);
        return divided;
    }

    private static void Divide(GraphProto graph, ScalableInput input, string inverse)
    {
        NodeProto division = NodeFactory.Make("Mul", [input.Value, inverse], input.ScaledValue);
        division.Name = input.ScaledValue;
        int position = 0;
        while (!input.Readers.Contains(graph.Node[position], ReferenceEqualityComparer.Instance))
        {
            position++;
        }

        graph.Node.Insert(position, division);
        foreach (NodeProto reader in input.Readers)
        {
            reader.Input[0] = input.ScaledValue;
        }
    }

    private static bool IsReader(NodeProto node, GraphIndex graph) =>
        Opset.IsOnnx(node.Domain) && (node.OpType == "MatMul" || (node.OpType == "Gemm" && node.GetInt("transA", 0) == 0))
        && graph.FindConstant(node.Input[0]) is null
        && graph.FindConstant(node.Input[WeightSlot.WeightInput]) is { Dims.Count: 2 } weight && weight.IsFloat()
        && !weight.Dims.Contains(0);

    private static ScalableInput? Find(string value, GraphIndex graph)
    {
        NodeProto[] readers = [.. graph.Consumers(value).Where(node => node.Input[0] == value && IsReader(node, graph))];
        long[] columns = [.. readers.Select(ColumnsOf).Distinct()];
        return columns.Length == 1 ? ScaleTakers.Find(new ScalableInput(value, (int)columns[0], readers), graph) : null;

        long ColumnsOf(NodeProto reader) =>
            graph.FindConstant(reader.Input[WeightSlot.WeightInput])!.Dims[ScalableInput.AxisOf(reader)];
    }
}
