using System.Text.Json;

namespace Quantization.Onnx.Tests;

public sealed class ModelComparerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_float_model_and_its_quantized_form()
    {
        string quantized = Quantize();
        SampleList samples = FashionExample.TestImages(0, 40);

        ModelComparison comparison = ModelComparer.Compare(FashionExample.ModelPath, quantized, samples);

        EvaluationResult evaluated = ModelEvaluator.Evaluate(FashionExample.ModelPath, [quantized], samples);
        comparison.Second.Figures.Should().Be(evaluated.Candidates[0].Figures);
        comparison.First.Figures.Should().Be(evaluated.Reference.Figures);
        comparison.Second.FileSize.Should().Be(new FileInfo(quantized).Length);

        // 17 Convs and a Gemm.
        comparison.Layers.Should().HaveCount(18);
        comparison.Layers.Select(layer => layer.Operator).Distinct().Should().Equal("Conv", "Gemm");
        comparison.LayerSamples.Should().Be(16);
    }

    [Fact]
    public void The_noise_of_the_last_layer_is_that_of_the_output()
    {
        string quantized = Quantize();
        SampleList samples = FashionExample.TestImages(0, 16);

        ModelComparison comparison = ModelComparer.Compare(FashionExample.ModelPath, quantized, samples);

        ComparedLayer last = comparison.Layers[^1];
        last.Value.Should().Be("logits");

        // Other values become outputs too, so that ONNX Runtime fuses otherwise and rounds otherwise.
        last.SignalToNoise.Should().BeApproximately(comparison.Second.SignalToNoise!.Value, 1);
        last.Cosine.Should().BeApproximately(comparison.Second.Cosine!.Value, 1e-3);
    }

    [Fact]
    public void A_model_beside_itself_differs_nowhere()
    {
        ModelComparison comparison = ModelComparer.Compare(
            FashionExample.ModelPath, FashionExample.ModelPath, FashionExample.TestImages(0, 4));

        comparison.Second.Agreement.Should().Be(1);
        comparison.Layers.Should()
            .HaveCount(18).And.OnlyContain(layer => double.IsPositiveInfinity(layer.SignalToNoise) && layer.Cosine == 1);
    }

    [Fact]
    public void Layers_that_are_not_asked_for_or_share_no_names_are_left_out()
    {
        string first = MakeTwo("first.onnx", "a"), second = MakeTwo("second.onnx", "b");
        SampleList samples = RandomTensors.Samples(3, 1, 4);

        ModelComparer.Compare(first, second, samples, new ComparisonOptions { LayerSamples = 0 }).Layers.Should().BeEmpty();
        ModelComparison comparison = ModelComparer.Compare(first, second, samples);

        // Both end in y; what comes before has other names.
        comparison.Layers.Should().ContainSingle().Which.Value.Should().Be("y");
    }

    [Fact]
    public void Models_with_other_inputs_are_refused_by_name()
    {
        string plain = MakeTwo("plain.onnx", "a");
        string renamed = new ModelBuilder().Input("z", 1, 4).Output("y", 1, 4).Node("Relu", ["z"], "y")
            .Save(Path.Combine(_folder.FullName, "renamed.onnx"));
        SampleList samples = RandomTensors.Samples(2, 1, 4);

        FluentActions.Invoking(() => ModelComparer.Compare(plain, renamed, samples))
            .Should().Throw<OnnxModelException>()
            .WithMessage($"{renamed}: the model has no input 'x', though {plain} has; compare models with the same inputs.");
        FluentActions.Invoking(() => ModelComparer.Compare(plain, plain, new SampleList([])))
            .Should().Throw<InvalidDataException>().WithMessage("There is no sample to compare the models on; give at least one.");
    }

    [Fact]
    public void The_JSON_has_figures_and_layers()
    {
        ModelComparison comparison = ModelComparer.Compare(FashionExample.ModelPath, Quantize(), FashionExample.TestImages(0, 4));

        using JsonDocument facts = JsonDocument.Parse(comparison.ToJson());

        facts.RootElement.GetProperty("second").GetProperty("top1").GetDouble().Should().Be(comparison.Second.Top1);
        facts.RootElement.GetProperty("layers").GetArrayLength().Should().Be(18);
    }

    private string Quantize()
    {
        string path = Path.Combine(_folder.FullName, "int8.onnx");
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, path, new PtqOptions { LatencyRuns = 0 });
        return path;
    }

    private string MakeTwo(string name, string between) => new ModelBuilder().Input("x", 1, 4).Output("y", 1, 4)
        .Constant("v", RandomTensors.Normal(1, 16), 4, 4).Constant("w", RandomTensors.Normal(2, 16), 4, 4)
        .Node("MatMul", ["x", "v"], between).Node("MatMul", [between, "w"], "y").Save(Path.Combine(_folder.FullName, name));
}
