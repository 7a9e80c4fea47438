using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Weights rounded by samples, from the model to the file.</summary>
public sealed class WeightSamplesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Samples_make_a_language_model_better()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(16)]);
        double nearest = Stories.Perplexity(
            WeightQuantizer.Quantize(path, _folder.PathTo("nearest.onnx"), new WeightOnlyOptions { Bits = 4 }).OutputPath);
        List<QuantizationProgress> seen = [];

        PtqResult weighted = WeightQuantizer.Quantize(
            path, samples, _folder.PathTo("weighted.onnx"), new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Weighted });
        PtqResult gptq = WeightQuantizer.Quantize(path, samples, _folder.PathTo("gptq.onnx"), progress: new Reporter(seen.Add));

        Stories.Perplexity(weighted.OutputPath).Should().BeLessThan(nearest);
        Stories.Perplexity(gptq.OutputPath).Should().BeLessThan(0.97 * nearest);
        gptq.Plan.Nodes.CountBy(node => node.Weights!.Method).Should()
            .BeEquivalentTo([KeyValuePair.Create(WeightMethod.Gptq, 36),
            KeyValuePair.Create(WeightMethod.Nearest, 1)], "samples say nothing of a table");
        gptq.OutputBytes.Should().Be(new FileInfo(_folder.PathTo("nearest.onnx")).Length);
        seen.Count(each => each.Stage == QuantizationStage.Calibrating).Should().Be(16, "all layers are one group");
        seen.Last(each => each.Stage == QuantizationStage.Quantizing).Completed.Should().Be(37);
    }

    [Fact]
    public void Threads_and_groups_of_layers_change_nothing()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(3)]);
        WeightOnlyOptions one = new() { Bits = 4, SessionOptionsFactory = () => new SessionOptions { IntraOpNumThreads = 1 } };
        FloatModel model = FloatModel.Load(path, one.WithMethod(hasSamples: true).ToRecipe(), null);
        QuantizationPlan plan = one.WithMethod(hasSamples: true).ToRecipe().Plan(model, null);
        int runs = 0;
        using GramSource whole = Source(long.MaxValue), parts = Source(1 << 18);

        byte[] first = File.ReadAllBytes(WeightQuantizer.Quantize(path, samples, _folder.PathTo("one.onnx"), one).OutputPath);
        byte[] second = File.ReadAllBytes(
            WeightQuantizer.Quantize(path, samples, _folder.PathTo("two.onnx"), new WeightOnlyOptions { Bits = 4 }).OutputPath);

        second.Should().Equal(first);
        foreach (QuantizableNode node in plan.Nodes.Select(model.Analysis.Find).Where(node => node.Role == NodeRole.Weighted))
        {
            parts.Find(node.Weight!)!.Sums.Should().Equal(whole.Find(node.Weight!)!.Sums);
        }

        runs.Should().BeGreaterThan(2 * 3, "small groups run the samples again");

        GramSource Source(long limit) =>
            new(model, plan, new GramRun(model, samples, null, new Reporter(_ => runs++), CancellationToken.None), limit);
    }

    /// <summary>Each way of reading the matrix has inputs, and so codes, of its own.</summary>
    [Theory]
    [InlineData(32, 48)]
    [InlineData(40, 40)]
    public void A_matrix_that_is_read_as_it_is_and_transposed(int inputs, int outputs)
    {
        string path = new ModelBuilder().Input("x", 4, inputs).Constant("w", RandomTensors.Normal(1, inputs * outputs), inputs, outputs)
            .Node("MatMul", ["x", "w"], "h").Node("Gemm", ["h", "w"], "y", ModelBuilder.Int("transB", 1)).Output("y")
            .Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([.. Enumerable.Range(0, 32).Select(i => new ModelSample(
            $"sample {i}", SampleTensor.Create<float>("x", RandomTensors.Normal(i + 2, 4 * inputs), 4, inputs)))]);

        PtqResult gptq = WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 });
        PtqResult nearest = WeightQuantizer.Quantize(path, _folder.PathTo("nearest.onnx"), new WeightOnlyOptions { Bits = 4 });

        ModelScore[] scores = [.. ModelEvaluator.Evaluate(path, [gptq.OutputPath, nearest.OutputPath], samples).Candidates];
        gptq.RoundedLayers.Should().HaveCount(2);
        scores[0].Figures.SignalToNoise!.Value.Should().BeGreaterThan(scores[1].Figures.SignalToNoise!.Value - 0.2);
    }

    [Fact]
    public void A_matrix_of_another_length_than_its_input()
    {
        string path = new ModelBuilder().Input("x", -1, -2).Constant("w", RandomTensors.Normal(1, 24 * 8), 24, 8)
            .Node("MatMul", ["x", "w"], "y").Output("y").Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([new ModelSample("sample", SampleTensor.Create<float>("x", RandomTensors.Normal(2, 4 * 32), 4, 32))]);

        FluentActions.Invoking(
            () => WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 }))
            .Should().Throw<OnnxModelException>()
            .WithMessage("*the value 'x' has the shape [4, 32] on sample, and weights with 24 inputs multiply it*");
        _folder.Entries.Should().Equal("model.onnx");
    }

    [Fact]
    public void A_folder_of_GenAI_is_rounded_by_tokens_alone()
    {
        string path = SharedFolder.Models("stories260K", "genai", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(2)]);

        PtqResult result = WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4 });

        EvaluationResult scores = ModelEvaluator.Evaluate(path, [result.OutputPath], samples);
        scores.Candidates[0].Figures.Agreement!.Value.Should().BeGreaterThan(0.75);
    }

    [Fact]
    public void Options_and_samples_that_do_not_go_together_are_refused()
    {
        string path = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx")), output = _folder.PathTo("out.onnx");
        SampleList samples = ModelBuilder.LinearSamples();

        Refuses(() => WeightQuantizer.Quantize(
            path, output, new WeightOnlyOptions { Bits = 4,
            Method = WeightMethod.Gptq }), "The method Gptq needs samples; give some, or take Nearest.");
        Refuses(() => WeightQuantizer.Quantize(
            path, samples, output, new WeightOnlyOptions { Bits = 4,
            Method = WeightMethod.Nearest }), "The method Nearest needs no samples; leave them out, or take another.");
        Refuses(() => WeightQuantizer.Quantize(
            path, samples, output, new WeightOnlyOptions()),
            "Samples are used only to round weights in blocks; give fewer bits than 8, or a "
            + "block size.");
        Refuses(() => WeightQuantizer.Quantize(
            path, new SampleList([]), output), "There is no sample to find the weights' codes with; give at least one.");
        File.Exists(output).Should().BeFalse();

        static void Refuses(Action quantize, string message) => quantize.Should().Throw<ArgumentException>().WithMessage(message);
    }

    private sealed class Reporter(Action<QuantizationProgress> report) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => report(value);
    }
}
