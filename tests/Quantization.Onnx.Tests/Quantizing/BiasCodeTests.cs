using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>The codes of biases, on steps that are powers of two, so that a bias can lie exactly between two codes.</summary>
public sealed class BiasCodeTests : IDisposable
{
    /// <summary>The input's step: 255 of them reach from 0 to the largest sample.</summary>
    private const float InputScale = 1 / 256f;

    /// <summary>The weights' step: 127 of them reach the largest weight of each channel.</summary>
    private const float WeightScale = 1 / 128f;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GranularityKind.PerChannel)]
    [InlineData(GranularityKind.PerTensor)]
    public void A_bias_between_two_codes_takes_the_even_one(GranularityKind granularity)
    {
        double[] steps = [0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, -3.5, 1000.5, 1001.5];
        int[] even = [0, 2, 2, 4, 0, -2, -2, -4, 1000, 1002];
        int channels = steps.Length;
        float[] weights = [.. Enumerable.Repeat(127 * WeightScale, channels), .. Enumerable.Repeat(-0.25f, channels)];
        string path = new ModelBuilder().Input("x", -1, 2).Output("y", -1, channels)
            .Constant("w", weights, 2, channels)
            .Constant("b", [.. steps.Select(each => (float)(each * InputScale * WeightScale))], channels)
            .Node("Gemm", ["x", "w", "b"], "y").Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([new ModelSample("all codes", SampleTensor.Create<float>("x", [0, 255 * InputScale], 1, 2))]);

        PtqOptions options = new() { WeightGranularity = granularity };
        PtqResult result = PostTrainingQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), options);

        GraphIndex graph = new(ModelFile.Load(result.OutputPath).Model.Graph);
        NodeProto bias = graph.FindProducer(graph.Graph.Node.Single(node => node.OpType == "Gemm").Input[2])!;
        graph.FindConstant(bias.Input[1])!.ReadFloats().Should().AllBeEquivalentTo(InputScale * WeightScale);
        MemoryMarshal.Cast<byte, int>(graph.FindConstant(bias.Input[0])!.RawData.Span).ToArray().Should().Equal(even);
    }
}
