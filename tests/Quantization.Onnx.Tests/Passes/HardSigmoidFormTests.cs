using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Passes;

/// <summary>The forms in which exporters write hard-sigmoid and hard-swish.</summary>
public sealed class HardSigmoidFormTests
{
    public static TheoryData<string, string[]> Cases { get; } = new()
    {
        { "one operator", ["HardSigmoid", "Mul"] },
        { "hard-swish", ["HardSigmoid", "Mul"] },
        { "hard-swish by a factor", ["HardSigmoid", "Mul"] },
        { "hard-sigmoid first", ["HardSigmoid", "Mul"] },
        { "hard-sigmoid", ["HardSigmoid"] },
        { "another shift", ["Add", "Clip", "Div"] },
        { "another top", ["Add", "Clip", "Div"] },
        { "another divisor", ["Add", "Clip", "Div"] },
        { "the clipped value is read twice", ["Add", "Clip", "Div", "Add"] },
        { "a square", ["Add", "Clip", "Mul", "Div"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Becomes_one_operator_where_it_is_one(string name, string[] operators)
    {
        ModelProto model = Make(name).Model;
        ModelProto rewritten = model.Clone();

        HardSigmoidForm.Apply(rewritten.Graph);
        UnusedConstants.Remove(rewritten.Graph);

        rewritten.Graph.Node.Select(node => node.OpType).Should().Equal(operators);
        float[] input = RandomTensors.Normal(7, 3 * 64, 4);
        Decibels.Sqnr(
            ModelRun.Floats(model, input, GraphCases.ImageShape)[0], ModelRun.Floats(rewritten, input, GraphCases.ImageShape)[0]).Should()
            .BeGreaterThan(120);
    }

    private static ModelBuilder Make(string name)
    {
        if (name == "one operator")
        {
            return GraphCases.Image(opset: 14).Node("HardSwish", ["x"], "y").Output("y", GraphCases.ImageShape);
        }

        ModelBuilder model = GraphCases.Image().Constant("zero", [0]).Constant("two", [2]).Constant("three", [3]).Constant("six", [6], 1)
            .Constant("sixth", [1 / 6f])
            .Node("Add", name == "another shift" ? ["two", "x"] : ["three", "x"], "a")
            .Node("Clip", ["a", "zero", name == "another top" ? "three" : "six"], "c");
        model.Graph.Initializer.Single(tensor => tensor.Name == "six").Dims.Clear();
        _ = name switch
        {
            "hard-swish" => model.Node("Mul", ["x", "c"], "m").Node("Div", ["m", "six"], "y"),
            "hard-swish by a factor" => model.Node("Mul", ["c", "x"], "m").Node("Mul", ["sixth", "m"], "y"),
            "hard-sigmoid first" => model.Node("Div", ["c", "six"], "d").Node("Mul", ["x", "d"], "y"),
            "another divisor" => model.Node("Div", ["c", "two"], "y"),
            "the clipped value is read twice" => model.Node("Div", ["c", "six"], "d").Node("Add", ["c", "d"], "y"),
            "a square" => model.Node("Mul", ["c", "c"], "m").Node("Div", ["m", "six"], "y"),
            _ => model.Node("Div", ["c", "six"], "y"),
        };
        UnusedConstants.Remove(model.Output("y", GraphCases.ImageShape).Graph);
        return model;
    }
}
