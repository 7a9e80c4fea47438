using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>The whole way with the classifier that the tool ships.</summary>
public sealed class FashionModelTests : IDisposable
{
    private const int Images = 500;

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Int8_keeps_the_accuracy_in_a_third_of_the_size()
    {
        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output);

        float[] expected = FashionExample.Logits(FashionExample.ModelPath, Images);
        float[] actual = FashionExample.Logits(Output, Images);
        Decibels.Sqnr(expected, actual).Should().BeGreaterThan(20);
        FashionExample.Top1(actual).Should().BeGreaterThan(FashionExample.Top1(expected) - 0.01);
        result.OutputBytes.Should().Be(new FileInfo(Output).Length).And.BeLessThan(result.ModelBytes * 30 / 100);
        result.ModelBytes.Should().Be(new FileInfo(FashionExample.ModelPath).Length);
        _folder.Entries.Should().Equal("out.onnx");
    }

    [Fact]
    public void Every_computing_node_runs_on_integers_and_only_the_input_is_converted()
    {
        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output);

        result.Int8Operators.Should().Equal(
            new Dictionary<string, int> { ["QGemm"] = 1, ["QLinearAdd"] = 2, ["QLinearConv"] = 17, ["QLinearGlobalAveragePool"] = 1 });
        result.Int8Nodes.Should().Be(21);
        result.Conversions.Should().Be(1);
        result.FloatNodes.Should().BeEmpty();
        result.QuantizedNodes.Should().HaveCount(22).And.Contain(["features.stem/conv", "features.b2/add", "pool", "flat", "classifier"]);
    }

    [Fact]
    public void Samples_and_their_calibration_give_the_same_file()
    {
        string other = _folder.PathTo("other.onnx");
        SampleList samples = FashionExample.TrainingImages(0, 200);

        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, samples, other);
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output);

        samples.Enumerations.Should().Be(1);
        File.ReadAllBytes(Output).Should().Equal(File.ReadAllBytes(other));
    }

    [Fact]
    public void Nodes_named_as_float_run_in_float()
    {
        PtqOptions options = new() { FloatNodes = new HashSet<string> { "features.b2.b.expand/conv", "classifier" } };

        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output, options);

        result.FloatNodes.Keys.Should().BeEquivalentTo(options.FloatNodes);
        result.Int8Operators["QLinearConv"].Should().Be(16);
        result.Int8Operators.Should().NotContainKey("QGemm");
        GraphProto graph = ModelFile.Load(Output).Model.Graph;
        NodeProto conv = graph.Node.Single(node => node.Name == "features.b2.b.expand/conv");
        graph.Initializer.Single(tensor => tensor.Name == conv.Input[1]).IsFloat().Should().BeTrue();
    }

    [Theory]
    [InlineData(GranularityKind.PerTensor, 8, 15)]
    [InlineData(GranularityKind.PerChannel, 4, 8)]
    public void Coarser_weights_still_run_on_integers(GranularityKind granularity, int bits, double leastSqnr)
    {
        PtqOptions options = new() { WeightGranularity = granularity, WeightFormat = CodeFormat.Signed(bits) };

        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output, options);

        result.Int8Nodes.Should().Be(21);
        Decibels.Sqnr(FashionExample.Logits(FashionExample.ModelPath, Images), FashionExample.Logits(Output, Images)).Should()
            .BeGreaterThan(leastSqnr);
    }

    [Fact]
    public void Symmetric_activations_have_their_zero_point_in_the_middle_or_at_the_start()
    {
        PtqOptions options = new() { ActivationScheme = QuantizationScheme.Symmetric };

        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output, options);

        result.Activations["features.b2/add"].Range.Min.Should().Be(-result.Activations["features.b2/add"].Range.Max);
        result.Activations["image"].Range.Min.Should().Be(0);
        result.Int8Nodes.Should().Be(21);
    }

    [Fact]
    public void Weights_of_single_nodes_are_quantized_in_their_own_way()
    {
        const string Own = "features.b2.b.expand/conv";
        PtqOptions perTensor = new()
        {
            WeightGranularity = GranularityKind.PerTensor,
            OwnWeights = new Dictionary<string, WeightOptions> { [Own] = new() { Granularity = GranularityKind.PerChannel } }
        };

        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, Output, perTensor);

        GraphProto graph = ModelFile.Load(Output).Model.Graph;
        GraphIndex index = new(graph);
        foreach (NodeProto conv in graph.Node.Where(node => node.OpType == "Conv"))
        {
            TensorProto scale = index.FindConstant(index.FindProducer(conv.Input[1])!.Input[1])!;
            scale.Dims.Should().HaveCount(conv.Name == Own ? 1 : 0);
        }

        result.Int8Nodes.Should().Be(21);
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath,
            FashionExample.Calibration,
            Output,
            new PtqOptions { OwnWeights = new Dictionary<string, WeightOptions> { ["pool"] = new() } }))
            .Should().Throw<ArgumentException>()
            .WithMessage("*PtqOptions.OwnWeights names 'pool', but the model has no such node with weights to quantize*");
    }
}
