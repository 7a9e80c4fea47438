using System.Runtime.InteropServices;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>The correction is what rounded weights shift the mean by, computed here one product at a time.</summary>
public sealed class BiasCorrectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_a_convolution_with_padding()
    {
        SampleList samples = RandomTensors.Samples(3, GraphCases.ImageShape);
        (QuantizationPlan plan, TrialModels models) = Correct(GraphCases.Make("conv without bias"), samples);
        float[] errors = Errors(models, plan.Nodes[0]);
        double[] shifts = new double[4];
        foreach (ModelSample sample in samples)
        {
            float[] image = Values(sample);
            for (int channel = 0; channel < 4; channel++)
            {
                shifts[channel] += Positions(8).Sum(at => Positions(3).Sum(k => Enumerable.Range(0, 3).Sum(from =>
                {
                    (int row, int column) = (at.Row + k.Row - 1, at.Column + k.Column - 1);
                    return row is < 0 or > 7 || column is < 0 or > 7
                        ? 0
                        : (double)errors[((channel * 3 + from) * 3 + k.Row) * 3 + k.Column] * image[(from * 8 + row) * 8 + column];
                })));
            }
        }

        Compare(plan.Nodes[0], [.. shifts.Select(shift => shift / (3 * 64))]);
    }

    [Fact]
    public void Of_a_Gemm_with_transposed_weights()
    {
        SampleList samples = RandomTensors.Samples(5, 1, 6);
        ModelBuilder model = new ModelBuilder().Input("x", 1, 6).Constant("w", RandomTensors.Normal(1, 4 * 6), 4, 6)
            .Constant("b", RandomTensors.Normal(2, 4), 4)
            .Node("Gemm", ["x", "w", "b"], "y", ModelBuilder.Int("transB", 1)).Output("y", 1, 4);
        (QuantizationPlan plan, TrialModels models) = Correct(model, samples);
        float[] errors = Errors(models, plan.Nodes[0]);

        Compare(plan.Nodes[0], [.. Enumerable.Range(0, 4).Select(
            channel => samples.Average(sample => Enumerable.Range(0, 6).Sum(i => (double)errors[channel * 6 + i] * Values(sample)[i])))]);
    }

    [Fact]
    public void Layers_without_a_bias_input_are_left_alone()
    {
        ModelBuilder model = new ModelBuilder().Input("x", 1, 6).Constant("w", RandomTensors.Normal(1, 6 * 4), 6, 4)
            .Node("MatMul", ["x", "w"], "y").Output("y", 1, 4);

        Correct(model, RandomTensors.Samples(5, 1, 6)).Plan.Nodes[0].BiasCorrection.Should().BeEmpty();
    }

    private (QuantizationPlan Plan, TrialModels Models) Correct(ModelBuilder model, SampleList samples)
    {
        string path = model.Save(_folder.PathTo("model.onnx"));
        TrialModels models = new(StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu), ModelCalibrator.Calibrate(path, samples));
        QuantizationPlan plan = models.Plan(new PtqOptions { WeightFormat = CodeFormat.Signed(4) });
        return (BiasCorrections.Measure(models, plan, [.. samples], null, CancellationToken.None).Apply(plan), models);
    }

    private static float[] Errors(TrialModels models, NodePlan plan)
    {
        QuantizableNode node = models.Model.Analysis.Find(plan);
        return [.. models.Round(node, plan with { Inputs = [], Results = [] })
            .Dequantize().Zip(node.Weight!.Weight.ReadFloats(), (rounded, weight) => rounded - weight)];
    }

    private static float[] Values(ModelSample sample) => MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray();

    private static IEnumerable<(int Row, int Column)> Positions(int side) =>
        Enumerable.Range(0, side * side).Select(i => (i / side, i % side));

    private static void Compare(NodePlan node, double[] shifts)
    {
        node.BiasCorrection.Should().HaveCount(shifts.Length);
        foreach ((float correction, double shift) in node.BiasCorrection.Zip(shifts))
        {
            ((double)correction).Should().BeApproximately(-shift, 1e-5, "ONNX Runtime adds up in 32 bits");
        }
    }
}
