using System.Runtime.InteropServices;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Scoring;

/// <summary>
/// Figures of embeddings, against plain loops: the mean of the positions that the mask leaves, cosines, neighbours and ranks.
/// </summary>
public sealed class EmbeddingMetricTests : IDisposable
{
    private const int Positions = 5, Width = 3, Count = 12;

    private static readonly EmbeddingOutput Source = new("y", "attention_mask");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void They_are_those_of_the_pooled_outputs(int batchSize)
    {
        ScoredPair[] pairs =
        [
            .. Enumerable.Range(0, 8).Select(i => new ScoredPair($"{i}.npz", $"{(i * 5 + 1) % Count}.npz", i * 7 % 5)),
            new ScoredPair("0.npz", "missing.npz", 3)
        ];
        ModelSample[] samples = Samples();

        EvaluationResult result = ModelEvaluator.Evaluate(
            Model(0), [Model(1)], new SampleList(samples),
            new EvaluationOptions
            {
                BatchSize = batchSize,
                Metrics =
                [
                    ModelMetric.EmbeddingCosine(Source),
                    ModelMetric.NeighbourRecall(Source, 3),
                    ModelMetric.ScoreCorrelation(Source, pairs)
                ],
            });

        double[][] floats = [.. samples.Select(sample => Pool(sample, [1, 1, 1]))],
            others = [.. samples.Select(sample => Pool(sample, [1, -2, 0.5]))];
        double recall = Enumerable.Range(0, Count).Average(i => Nearest(floats, i).Intersect(Nearest(others, i)).Count() / 3.0);
        double[] figures = [.. result.Candidates[0].Metrics.Select(figure => figure.Value)];
        figures[0].Should().BeApproximately(floats.Zip(others, Cosine).Average(), 1e-6);
        figures[1].Should().BeApproximately(recall, 1e-12).And.BeLessThan(1);
        figures[2].Should().BeApproximately(
            RankCorrelation.Spearman(
                [.. pairs[..8].Select((pair, i) => Cosine(others[i], others[(i * 5 + 1) % Count]))],
                [.. pairs[..8].Select(pair => pair.Score)])!.Value,
            1e-12);
        result.Reference.Metrics.Take(2).Select(figure => figure.Value).Should().Equal(1, 1);
        result.Candidates[0].Metrics.Select(figure => figure.Unit).Should().Equal(MetricUnit.None, MetricUnit.Share, MetricUnit.None);
        result.Candidates[0].Metrics.Should().OnlyContain(figure => figure.LargerIsBetter && figure.Samples == Count);
    }

    [Theory]
    [InlineData("y", 3, true, "y", "attention_mask")]
    [InlineData("last_logits", 3, true, null, null)]
    [InlineData("y", 3, false, null, null)]
    [InlineData("sentence_embedding", 2, false, "sentence_embedding", null)]
    [InlineData("y", 2, true, null, null)]
    public void They_are_found_by_the_graph(string output, int axes, bool hasMask, string? found, string? mask)
    {
        ModelBuilder model = new ModelBuilder().Input("x", [.. Enumerable.Repeat(2L, axes)]).Node("Identity", ["x"], output)
            .Output(output, [.. Enumerable.Repeat(2L, axes)]);
        model = hasMask ? model.Input("attention_mask", 2, 2) : model;

        EmbeddingOutput? source = EmbeddingOutput.Find(model.Save(_folder.PathTo("model.onnx")));

        source.Should().Be(found is null ? null : new EmbeddingOutput(found, mask));
    }

    [Fact]
    public void A_search_ranks_by_them()
    {
        string path = Layer().Save(_folder.PathTo("layer.onnx"));
        SampleList samples = new(Samples());

        SearchResult result = PtqSearch.Run(
            path,
            samples,
            samples,
            _folder.PathTo("out.onnx"),
            new SearchOptions { Metric = ModelMetric.EmbeddingCosine(Source), PerTensorTrials = 0 });

        result.FloatScore.Score.Should().Be(1);
        result.Best.Score.Score.Should().BeInRange(0.99, 1).And.Be(result.Trials.Max(trial => trial.Score.Score));
    }

    [Fact]
    public void What_has_no_embeddings_is_refused()
    {
        Invoking(new EmbeddingOutput("z", null)).Should()
            .Throw<InvalidDataException>().WithMessage("The model has no output 'z' of floats*it has 'y'.");
        Invoking(new EmbeddingOutput("y", "x")).Should()
            .Throw<InvalidDataException>().WithMessage("*input 'x' has 15 values, but output 'y' has 5 positions*");
        FluentActions.Invoking(() => ModelEvaluator.Evaluate(
                Model(0),
                [Model(1)],
                new SampleList(Samples()[..1]),
                new EvaluationOptions { Metrics = [ModelMetric.NeighbourRecall(Source)] }))
            .Should().Throw<InvalidDataException>().WithMessage("The nearest neighbours of embeddings need at least two samples*");
        FluentActions.Invoking(() => ModelEvaluator.Evaluate(
                Model(0),
                [Model(1)],
                new SampleList(Samples()),
                new EvaluationOptions { Metrics = [ModelMetric.ScoreCorrelation(Source, [new ScoredPair("a", "b", 1)])] }))
            .Should().Throw<InvalidDataException>().WithMessage("Of the 1 pairs with scores, 0 are among the samples*");

        Action Invoking(EmbeddingOutput source) => () => ModelEvaluator.Evaluate(
            Model(0), [Model(1)], new SampleList(Samples()), new EvaluationOptions { Metrics = [ModelMetric.EmbeddingCosine(source)] });
    }

    [Fact]
    public void Scores_are_read_from_a_file()
    {
        string path = _folder.PathTo("pairs.csv");
        File.WriteAllText(path, "a.npz,b.npz,4.5\n\n c.npz , d.npz , -1\r\n");

        ScoredPair.Read(path).Should().Equal(new ScoredPair("a.npz", "b.npz", 4.5), new ScoredPair("c.npz", "d.npz", -1));
        File.WriteAllText(path, "a.npz,b.npz,4.5\na.npz,c.npz,nan\n");
        FluentActions.Invoking(() => ScoredPair.Read(path)).Should()
            .Throw<InvalidDataException>().WithMessage($"{path}, line 2: 'a.npz,c.npz,nan' does not read*");
        File.WriteAllText(path, "\n");
        FluentActions.Invoking(() => ScoredPair.Read(path)).Should()
            .Throw<InvalidDataException>().WithMessage($"{path}: the file has no pair*");
        FluentActions.Invoking(() => ScoredPair.Read(_folder.PathTo("none.csv"))).Should().Throw<FileNotFoundException>();
    }

    /// <summary>Multiplies each column by a factor of its own.</summary>
    private string Model(int kind) => new ModelBuilder().Input("x", -1, Positions, Width).WithMask()
        .Constant("f", kind == 0 ? [1, 1, 1] : [1, -2, 0.5f], Width).Node("Mul", ["x", "f"], "y").Output("y", -1, Positions, Width)
        .Save(_folder.PathTo($"{kind}.onnx"));

    private static ModelBuilder Layer() => new ModelBuilder().Input("x", -1, Positions, Width).WithMask()
        .Constant("w", RandomTensors.Normal(1, Width * Width), Width, Width)
        .Node("MatMul", ["x", "w"], "y")
        .Output("y", -1, Positions, Width);

    private static ModelSample[] Samples() =>
    [
        .. Enumerable.Range(0, Count).Select(i => new ModelSample(
            Path.Combine("folder", $"{i}.npz"),
            SampleTensor.Create<float>("x", RandomTensors.Normal(i, Positions * Width), 1, Positions, Width),
            SampleTensor.Create<long>(
                "attention_mask", [.. Enumerable.Range(0, Positions).Select(k => k <= i % Positions ? 1L : 0)], 1, Positions))),
    ];

    private static double[] Pool(ModelSample sample, double[] factors)
    {
        float[] values = MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray();
        long[] mask = MemoryMarshal.Cast<byte, long>(sample.Inputs[1].Data).ToArray();
        return [.. Enumerable.Range(0, Width)
            .Select(column => factors[column] * Enumerable.Range(0, Positions).Sum(i => mask[i] * values[i * Width + column]))];
    }

    private static double Cosine(double[] a, double[] b) =>
        a.Zip(b, (x, y) => x * y).Sum() / Math.Sqrt(a.Sum(x => x * x) * b.Sum(x => x * x));

    private static IEnumerable<int> Nearest(double[][] all, int query) =>
        Enumerable.Range(0, Count).Where(i => i != query).OrderByDescending(i => Cosine(all[query], all[i])).Take(3);
}

/// <summary>Inputs for <see cref="EmbeddingMetricTests"/>.</summary>
file static class Masks
{
    public static ModelBuilder WithMask(this ModelBuilder model)
    {
        model.Input("attention_mask", -1, 5);
        model.Graph.Input[^1].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
        return model;
    }
}
