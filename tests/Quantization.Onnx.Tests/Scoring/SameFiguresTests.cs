using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Scoring;

/// <summary>Evaluation, search, partial quantization, sensitivity and the figures that are kept say the same of the same model.</summary>
public sealed class SameFiguresTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Shapes of a sample's logits behind its batch axis, whether accuracy is told, and the batch size.</summary>
    public static TheoryData<long[], bool, int> Logits { get; } = new()
    {
        { [6], true, 1 },
        { [6], true, 4 },
        { [5, 6], false, 1 },
        { [5, 6], false, 4 },
        { [1, 6], true, 1 },
        { [6, 1, 1], true, 4 },
    };

    [Theory]
    [MemberData(nameof(Logits))]
    public void A_search_by_agreement(long[] shape, bool hasTop1, int batchSize)
    {
        string model = Save(shape);
        SearchOptions options = new()
        {
            Metric = ModelMetric.Agreement,
            BatchSize = batchSize,
            ActivationCalibrators = [new MaxCalibrator()],
            WeightCalibrators = [new MaxCalibrator()],
            PerTensorTrials = 0,
            Baseline = new PtqOptions { WeightFormat = CodeFormat.Signed(3) },
            TrialsPath = _folder.PathTo("trials"),
        };

        SearchResult search = PtqSearch.Run(model, Samples(0, 8), Samples(8, 40), Output, options);

        EvaluationResult evaluation = Evaluate(model, batchSize);
        search.FloatScore.Figures.Should().Be(evaluation.Reference.Figures);
        search.Best.Score.Figures.Should().Be(evaluation.Candidates[0].Figures);
        search.Best.Score.Ranked.Should().Be(evaluation.Candidates[0].Figures.Agreement);
        evaluation.Candidates[0].Agreement.Should().BeInRange(0.3, 0.99, "three bits are few");
        (evaluation.Candidates[0].Top1 is not null).Should().Be(hasTop1);
        (evaluation.UncountedLabels is null).Should().Be(hasTop1);
        PtqSearch.Run(model, Samples(0, 8), Samples(8, 40), Output, options).Best.Score
            .Should().Be(search.Best.Score, "the file of trials keeps every figure");
    }

    [Theory]
    [MemberData(nameof(Logits))]
    public void Partial_quantization_and_the_sensitivity_by_agreement(long[] shape, bool hasTop1, int batchSize)
    {
        string model = Save(shape);
        PtqOptions coarse = new() { WeightFormat = CodeFormat.Signed(3) };
        PartialOptions options = new()
        {
            Target = PartialTarget.MaxLoss(1),
            Metric = ModelMetric.Agreement,
            Baseline = coarse,
            BatchSize = batchSize,
            Steps = [],
        };

        PartialResult partial = PartialQuantizer.Run(model, Samples(0, 8), Samples(8, 40), Output, options);

        ModelFigures measured = Evaluate(model, batchSize).Candidates[0].Figures;
        SensitivityResult sensitivity = SensitivityAnalyzer.Analyze(
            model,
            partial.Calibration,
            Samples(8, 40),
            new SensitivityOptions { Metric = ModelMetric.Agreement, Baseline = coarse, BatchSize = batchSize });
        partial.Written.FloatLayers.Should().BeEmpty("any loss is allowed");
        partial.Written.Score.Figures.Should().Be(measured);
        sensitivity.QuantizedScore.Figures.Should().Be(measured);
        sensitivity.QuantizedScore.Ranked.Should().Be(measured.Agreement);
        (measured.Top1 is not null).Should().Be(hasTop1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Integers_first_then_logits_then_a_scalar(int batchSize)
    {
        ModelBuilder builder = Network(6)
            .Node("ArgMax", ["h"], "class", ModelBuilder.Int("axis", 1)).Output("class", -1, 1)
            .Node("Identity", ["h"], "y").Output("y", -1, 6)
            .Node("ReduceSum", ["h"], "sum", ModelBuilder.Int("keepdims", 0)).Output("sum");
        builder.Graph.Output[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
        string model = builder.Save(_folder.PathTo("model.onnx"));
        SearchOptions options = new() { Metric = ModelMetric.Agreement, BatchSize = batchSize, PerTensorTrials = 0 };

        SearchResult search = PtqSearch.Run(model, Samples(0, 8), Samples(8, 40), Output, options);

        ModelScore measured = Evaluate(model, batchSize).Candidates[0];
        search.Best.Score.Figures.Should().Be(measured.Figures);
        measured.Figures.Top1!.Samples.Should().Be(40);
        measured.Outputs.Select(output => output.Name).Should().Equal("y", "sum");
        measured.SignalToNoise.Should().Be(measured.Outputs.Min(output => output.SignalToNoise.Value));
    }

    [Fact]
    public void Accuracy_of_a_sequence_is_refused_by_name()
    {
        string model = Save([5, 6]);

        Action search = () => PtqSearch.Run(model, Samples(0, 8), Samples(8, 8), Output, new SearchOptions { PerTensorTrials = 0 });

        search.Should().Throw<InvalidDataException>().WithMessage(
            "No scoring sample has a label and one row of logits, so there is no top-1 accuracy; take another metric. "
            + "sample 8: a label stands for one class, but output 'y' has shape [1, 5, 6] for 1 samples; "
            + "accuracy needs one row of logits per sample.");
    }

    [Fact]
    public void Agreement_of_a_map_is_refused()
    {
        string model = Save([3, 5, 2]);

        SearchOptions options = new() { Metric = ModelMetric.Agreement, PerTensorTrials = 0 };

        Action search = () => PtqSearch.Run(model, Samples(0, 8), Samples(8, 8), Output, options);

        search.Should().Throw<InvalidDataException>()
            .WithMessage("The output of logits has no rows of classes*take ModelMetric.SignalToNoise.");
    }

    [Fact]
    public void An_output_whose_length_depends_on_the_values_is_named()
    {
        ModelBuilder builder = Network(400).Constant("zero", [0], 1)
            .Node("Greater", ["h", "zero"], "positive").Node("NonZero", ["positive"], "places")
            .Node("Cast", ["places"], "y", ModelBuilder.Int("to", 1)).Output("y", 2, -1);
        SearchOptions options = new() { Metric = ModelMetric.SignalToNoise, PerTensorTrials = 0 };
        string model = builder.Save(_folder.PathTo("model.onnx"));

        Action search = () => PtqSearch.Run(model, Samples(0, 8), Samples(8, 8), Output, options);

        search.Should().Throw<OnnxModelException>()
            .WithMessage($"{model}: output 'y' has * values where the reference has *; compare models of the same shapes.");
    }

    private string Output => _folder.PathTo("model.int8.onnx");

    private EvaluationResult Evaluate(string model, int batchSize) =>
        ModelEvaluator.Evaluate(model, [Output], Samples(8, 40), new EvaluationOptions { BatchSize = batchSize });

    private string Save(long[] shape)
    {
        long[] all = [-1, .. shape];
        int values = (int)shape.Aggregate(1L, (product, axis) => product * axis);
        return Network(values).Integers("shape", all).Node("Reshape", ["h", "shape"], "y").Output("y", all)
            .Save(_folder.PathTo("model.onnx"));
    }

    /// <summary>Two layers whose result is <c>h</c>.</summary>
    private static ModelBuilder Network(int values)
    {
        Random random = new(values);
        return new ModelBuilder().Input("x", -1, 8)
            .Constant("w1", Weights(8 * 16), 8, 16).Constant("w2", Weights(16 * values), 16, values)
            .Node("MatMul", ["x", "w1"], "a").Node("Relu", ["a"], "r").Node("MatMul", ["r", "w2"], "h");

        float[] Weights(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static SampleList Samples(int start, int count)
    {
        Random random = new(7);
        float[][] inputs = [.. Enumerable.Range(0, start + count).Select(_ => Input())];
        return new SampleList(
        [
            .. Enumerable.Range(start, count).Select(i =>
                new ModelSample($"sample {i}", SampleTensor.Create<float>("x", inputs[i], 8)) { Label = i % 2 }),
        ]);

        float[] Input() => [.. Enumerable.Range(0, 8).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
