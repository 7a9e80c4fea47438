namespace Quantization.Onnx.Tests.Scoring;

/// <summary>The figures of language models: perplexity, and what a mask leaves of the others.</summary>
public sealed class TokenFigureTests : IDisposable
{
    private const int Length = 6, Vocabulary = 9;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public void Masked_tokens_count_for_nothing(int batch, bool coversCache)
    {
        Random random = new(batch);
        using FigureKeeper keeper = new("model.onnx", null, []);
        double likelihood = 0, divergence = 0;
        int tokens = 0, rows = 0, agreeing = 0;
        for (int run = 0; run < 4; run++)
        {
            long[][] ids = [.. Enumerable.Range(0, batch).Select(_ => Draw(random, Vocabulary))];
            long[][] masks = [.. ids.Select(_ => Draw(random, 2))];
            float[] reference = RandomTensors.Normal(2 * run, batch * Length * Vocabulary),
                actual = RandomTensors.Normal(2 * run + 1, reference.Length);
            keeper.Add(
                [.. ids.Zip(masks, (text, mask) => Sample(text, mask, coversCache))],
                [Compare([batch, Length, Vocabulary], reference, actual)]);
            for (int i = 0; i < batch * Length; i++)
            {
                (int text, int place) = (i / Length, i % Length);
                if (masks[text][place] == 0)
                {
                    continue;
                }

                double[] p = Softmax(reference, i), q = Softmax(actual, i);
                rows++;
                agreeing += Array.IndexOf(p, p.Max()) == Array.IndexOf(q, q.Max()) ? 1 : 0;
                divergence += p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
                if (place + 1 < Length && masks[text][place + 1] != 0)
                {
                    likelihood -= Math.Log(q[ids[text][place + 1]]);
                    tokens++;
                }
            }
        }

        ModelFigures figures = keeper.Figures;
        figures.Perplexity!.Value.Should().BeApproximately(Math.Exp(likelihood / tokens), 1e-5);
        figures.Perplexity.Samples.Should().Be(4 * batch);
        figures.Agreement!.Value.Should().Be((double)agreeing / rows);
        figures.KullbackLeibler!.Value.Should().BeApproximately(divergence / rows, 1e-5);
    }

    [Fact]
    public void Labels_of_tokens_have_no_perplexity()
    {
        using FigureKeeper keeper = new("model.onnx", null, []);
        float[] logits = RandomTensors.Normal(1, Length * Vocabulary);
        keeper.Add([Sample([1, 2, 3, 4, 5, 6], null, false)], [Compare([1, Length, Vocabulary], logits, logits)]);
        keeper.Figures.Perplexity.Should().NotBeNull();

        keeper.Add([Sample([1, 2, 3, 4, 5, Vocabulary], null, false)], [Compare([1, Length, Vocabulary], logits, logits)]);

        keeper.Figures.Perplexity.Should().BeNull("a token is none of the classes");
        keeper.Figures.Agreement!.Value.Should().Be(1);
        ((Action)(() => keeper.Figures.Get(ModelMetric.Perplexity, null))).Should()
            .Throw<InvalidDataException>().WithMessage("*no perplexity*");
    }

    [Fact]
    public void A_language_model_is_evaluated_and_its_layers_tell_their_errors()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        ModelSample[] stories = [.. new SampleFolder(SharedFolder.Models("stories260K", "evaluate")).Take(10)];

        PtqResult result = WeightQuantizer.Quantize(path, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4, TableBits = 8 });
        EvaluationResult scores = ModelEvaluator.Evaluate(
            path,
            [result.OutputPath],
            new SampleList(stories),
            new EvaluationOptions { Metrics = [ModelMetric.Perplexity], LatencyRuns = 0 });

        scores.Reference.Perplexity.Should().BeApproximately(Stories.Perplexity(path), 1e-4);
        scores.Candidates[0].Perplexity.Should()
            .BeApproximately(Stories.Perplexity(result.OutputPath), 1e-2, "threads change the arithmetic of 8 bits");
        scores.Candidates[0].Metrics.Single().Should().Be(scores.Candidates[0].Figures.Perplexity);
        result.RoundedLayers.Should().HaveCount(37).And.OnlyContain(layer => !layer.IsOfOutputs && layer.Method == WeightMethod.Nearest);
        result.RoundedLayers.Where(layer => layer.Bits == 4).Should()
            .HaveCount(36).And.OnlyContain(layer => layer.Error > 1e-3 && layer.Error < 0.02);
        result.RoundedLayers.Single(layer => layer.Bits == 8).Operator.Should().Be("Gather");
        result.RoundedLayers.Sum(layer => layer.Bytes).Should().BeLessThan(result.OutputBytes);
    }

    private static long[] Draw(Random random, int most) => [.. Enumerable.Range(0, Length).Select(_ => (long)random.Next(most))];

    private static ModelSample Sample(long[] ids, long[]? mask, bool coversCache) => mask is null
        ? new ModelSample("text", SampleTensor.Create<long>("input_ids", ids, 1, Length))
        : new ModelSample(
            "text", SampleTensor.Create<int>("input_ids", [.. ids.Select(id => (int)id)], Length),
            SampleTensor.Create<long>("attention_mask", coversCache ? [0, 1, .. mask] : mask, 1, coversCache ? Length + 2 : Length));

    private static ComparedOutput Compare(long[] shape, float[] reference, float[] actual)
    {
        FloatOutput expected = new(reference);
        return new ComparedOutput(
            "model.onnx", "logits", shape, expected, ReferenceEquals(reference, actual) ? expected : new FloatOutput(actual));
    }

    private static double[] Softmax(float[] logits, int row)
    {
        double[] powers = [.. logits.Skip(row * Vocabulary).Take(Vocabulary).Select(logit => Math.Exp(logit))];
        return [.. powers.Select(power => power / powers.Sum())];
    }
}
