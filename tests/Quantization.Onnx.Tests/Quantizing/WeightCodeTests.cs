using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>
/// The weights of the written model against ONNX Runtime's own QuantizeLinear, and fused execution against its simulation.
/// </summary>
public sealed class WeightCodeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GranularityKind.PerChannel)]
    [InlineData(GranularityKind.PerTensor)]
    public void Codes_equal_those_of_QuantizeLinear_on_the_folded_weights(GranularityKind granularity)
    {
        PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, Output, new PtqOptions { WeightGranularity = granularity });
        GraphProto folded = StaticInt8Recipe.Load(FashionExample.ModelPath, null, TargetRuntime.OnnxRuntimeCpu).Model.Graph;
        GraphIndex written = new(ModelFile.Load(Output).Model.Graph);

        int compared = 0;
        foreach (NodeProto node in folded.Node.Where(node => node.OpType is "Conv" or "Gemm"))
        {
            TensorProto weight = folded.Initializer.Single(tensor => tensor.Name == node.Input[1]);
            NodeProto dequantize = written.FindProducer(written.Graph.Node.Single(other => other.Name == node.Name).Input[1])!;
            TensorProto codes = written.FindConstant(dequantize.Input[0])!;
            float[] scales = written.FindConstant(dequantize.Input[1])!.ReadFloats();

            codes.Dims.Should().Equal(weight.Dims);
            scales.Should().HaveCount(granularity == GranularityKind.PerTensor ? 1 : (int)weight.Dims[0]);
            sbyte[] expected = QuantizeLinear(weight, scales);
            ((sbyte[])(Array)codes.RawData.ToByteArray()).Should().Equal(expected);
            expected.Max(code => Math.Abs((int)code)).Should().Be(127);
            compared += expected.Length;
        }

        compared.Should().BeGreaterThan(50_000);
    }

    [Fact]
    public void Integers_compute_what_the_float_simulation_says()
    {
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output);

        float[] fused = FashionExample.Logits(Output, 500);
        float[] simulated = FashionExample.Logits(Output, 500, options => options.AddSessionConfigEntry("session.disable_quant_qdq", "1"));

        // Both round to the same grids; sums in another order tip a code now and then.
        Decibels.Sqnr(simulated, fused).Should().BeGreaterThan(30);
    }

    /// <summary>ONNX Runtime's codes of a tensor, from a model of that one operator.</summary>
    private static sbyte[] QuantizeLinear(TensorProto weight, float[] scales)
    {
        ModelBuilder builder = new ModelBuilder().Input("x", [.. weight.Dims]).Output("q", [.. weight.Dims]);
        builder.Constant("scales", scales, scales.Length == 1 ? [] : [scales.Length]);
        TensorProto zeroPoints = TensorData.Make<sbyte>(
            TensorProto.Types.DataType.Int8, new sbyte[scales.Length], scales.Length == 1 ? [] : [scales.Length]);
        zeroPoints.Name = "zero";
        builder.Graph.Initializer.Add(zeroPoints);
        builder.Node("QuantizeLinear", ["x", "scales", "zero"], "q", ModelBuilder.Int("axis", 0));
        builder.Graph.Output[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int8;
        using InferenceSession session = new(Google.Protobuf.MessageExtensions.ToByteArray(builder.Model));
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(weight.ReadFloats(), [.. weight.Dims]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["q"]);
        return outputs[0].GetTensorDataAsSpan<sbyte>().ToArray();
    }
}
