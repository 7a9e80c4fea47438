using Quantization.Onnx.Tests.Samples;

namespace Quantization.Onnx.Tests.Evaluation;

public sealed class ModelEvaluatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_equals_itself()
    {
        string model = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));

        EvaluationResult result = Evaluate(model, [model], List(Sample(0, 1, 2), Sample(5, 4, 3)));

        result.Samples.Should().Be(2);
        result.LabelledSamples.Should().Be(0);
        ModelScore score = result.Candidates.Should().ContainSingle().Subject;
        score.Top1.Should().BeNull();
        score.Agreement.Should().Be(1);
        score.Outputs.Should().ContainSingle(output => output.Name == "y").Which.SignalToNoise.Value.Should().Be(double.PositiveInfinity);
        score.FileSize.Should().Be(new FileInfo(model).Length);
        score.MedianLatency.Should().BePositive();
        score.TimedRuns.Should().Be(20);
    }

    [Fact]
    public void Noise_is_measured_against_the_reference()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        string negative = Write("neg.onnx", TinyModel.Unary("Neg", -1, 3));
        string magnitude = Write("abs.onnx", TinyModel.Unary("Abs", -1, 3));

        EvaluationResult result = Evaluate(identity, [negative, magnitude], List(Sample(1, 2, 3), Sample(-3, 0, 1)));

        // Neg: the noise is twice the signal everywhere, 10 log10(1/4). Abs: signal 1+4+9+9+1 = 24, noise 6² = 36 from the one negative
        // value.
        result.Candidates[0].SignalToNoise.Should().BeApproximately(10 * Math.Log10(0.25), 1e-12);
        result.Candidates[0].Agreement.Should().Be(0);
        result.Candidates[1].SignalToNoise.Should().BeApproximately(10 * Math.Log10(24.0 / 36), 1e-12);
        result.Candidates[1].Agreement.Should().Be(0.5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void Accuracy_counts_the_labelled_samples_at_any_batch_size(int batchSize)
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        string negative = Write("neg.onnx", TinyModel.Unary("Neg", -1, 3));
        SampleList samples = List(Labelled(2, 0, 1, 2), Labelled(0, 5, 1, 2), Labelled(1, 5, 1, 2), Sample(7, 8, 9), Labelled(1, 2, 3, 1));

        EvaluationResult result = Evaluate(identity, [negative], samples, new EvaluationOptions { BatchSize = batchSize });

        result.Samples.Should().Be(5);
        result.LabelledSamples.Should().Be(4);
        result.Reference.Top1.Should().Be(0.75);
        result.Candidates[0].Top1.Should().Be(0.25);
    }

    [Fact]
    public void Samples_of_different_shapes_are_run_apart()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, -1]));

        EvaluationResult result = Evaluate(
            identity,
            [identity],
            List(Labelled(0, 3, 2), Labelled(1, 3, 4), Labelled(2, 1, 2, 3)),
            new EvaluationOptions { BatchSize = 8 });

        result.Reference.Top1.Should().Be(1);
    }

    [Theory]
    [InlineData(new[] { 2, 3 }, 0.5)]
    [InlineData(new[] { 1, 2, 3 }, 0.5)]
    [InlineData(new[] { 2, 3, 1, 1 }, 0.5)]
    [InlineData(new[] { 1, 1, 2, 3 }, null)]
    public void Agreement_is_measured_where_the_last_axis_holds_classes(int[] shape, double? expected)
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: shape));
        string magnitude = Write("abs.onnx", TinyModel.Unary("Abs", shape));
        ModelSample sample = new(
            "sample", SampleTensor.Create<float>(null, [1, 2, 3, -3, 0, 1], [.. shape.Select(length => (long)length)]));

        Evaluate(identity, [magnitude], List(sample)).Candidates[0].Agreement.Should().Be(expected);
    }

    [Fact]
    public void Progress_is_reported_after_each_batch()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        List<QuantizationProgress> told = [];

        Evaluate(
            identity,
            [],
            List(Sample(1, 2, 3), Sample(1, 2, 3), Sample(1, 2, 3)),
            new EvaluationOptions { BatchSize = 2 },
            new Listener(told.Add));

        told.Should().Equal(
            new QuantizationProgress(QuantizationStage.Evaluating, 2, 3), new QuantizationProgress(QuantizationStage.Evaluating, 3, 3));
    }

    [Fact]
    public void Cancellation_stops_it()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        using CancellationTokenSource cancellation = new();
        int batches = 0;
        Listener listener = new(_ =>
        {
            batches++;
            cancellation.Cancel();
        });

        Action evaluate =
            () => ModelEvaluator.Evaluate(identity, [identity], List(Sample(1, 2, 3), Sample(1, 2, 3)), null, listener, cancellation.Token);

        evaluate.Should().Throw<OperationCanceledException>();
        batches.Should().Be(1);
    }

    [Fact]
    public void A_class_beyond_the_logits_names_the_line_of_the_label()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        string sample = _folder.Write("samples/a.npy", File.ReadAllBytes(SampleData.Path("little_f4.npy"))[..^12]);
        byte[] content = File.ReadAllBytes(sample);
        string text = System.Text.Encoding.Latin1.GetString(content).Replace("(2, 3), ", "(3,),   ", StringComparison.Ordinal);
        File.WriteAllBytes(sample, System.Text.Encoding.Latin1.GetBytes(text));
        string labels = _folder.Write("labels.csv", "\na.npy,3\n");
        SampleFolder samples = new(Path.Combine(_folder.FullName, "samples"), LabelFile.Read(labels));

        Action evaluate = () => Evaluate(identity, [], samples);

        evaluate.Should().Throw<InvalidDataException>()
            .WithMessage($"{labels}, line 2: {sample}: class 3 does not exist, output 'y' has 3 classes, 0 to 2; correct the label.");
    }

    [Fact]
    public void A_labelled_sample_that_holds_a_batch_does_not_count_for_accuracy_and_is_named()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        ModelSample pair = new("pair.npy", SampleTensor.Create<float>("x", [1, 2, 3, 6, 5, 4], 2, 3)) { Label = 1 };

        EvaluationResult result = Evaluate(identity, [], List(Labelled(2, 1, 2, 3), pair));

        result.LabelledSamples.Should().Be(2);
        result.Reference.Figures.Top1.Should().Be(new MetricFigure(ModelMetric.Top1, 1, 1));
        result.UncountedLabels!.Message.Should().StartWith(
            "pair.npy: a label stands for one class, but output 'y' has shape [2, 3] for 1 samples; "
            + "accuracy needs one row of logits per sample. Labelled samples left out of top-1 accuracy: 1.");
        result.Warnings.Where(warning => warning.Code != AdviceCode.LatencyDisturbed).Should().Equal(result.UncountedLabels!);
        result.UncountedLabels.Arguments["uncounted"].Should().Be(1L);
        Action accuracyAlone = () => Evaluate(identity, [], List(pair), new EvaluationOptions { Metrics = [ModelMetric.Top1] });
        accuracyAlone.Should().Throw<InvalidDataException>()
            .WithMessage("No scoring sample has a label and one row of logits*pair.npy: a label stands for one class*");
    }

    [Fact]
    public void No_sample_is_an_error()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));

        Action evaluate = () => Evaluate(identity, [], new SampleList([]));

        evaluate.Should().Throw<InvalidDataException>().WithMessage("There is no sample to evaluate the models on*");
    }

    [Fact]
    public void A_model_that_cannot_be_read_is_named()
    {
        string identity = Write("identity.onnx", TinyModel.Identity(shape: [-1, 3]));
        string damaged = Write("damaged.onnx", File.ReadAllBytes(identity)[..20]);

        Action evaluate = () => Evaluate(identity, [damaged], List(Sample(1, 2, 3)));

        evaluate.Should().Throw<OnnxModelException>().Which.Message.Should().StartWith(damaged + ": ");
    }

    private static EvaluationResult Evaluate(
        string reference, IReadOnlyList<string> candidates, ISampleSource samples, EvaluationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null) =>
        ModelEvaluator.Evaluate(
            reference,
            [.. candidates.Select(path => OnnxModel.FromFile(path))],
            samples,
            options,
            progress,
            TestContext.Current.CancellationToken);

    private string Write(string name, byte[] model) => _folder.Write(name, model);

    private static SampleList List(params ModelSample[] samples) => new(samples);

    private static ModelSample Sample(params float[] values) => new("sample", SampleTensor.Create<float>(null, values, values.Length));

    private static ModelSample Labelled(int label, params float[] values) =>
        new("sample", SampleTensor.Create<float>(null, values, values.Length)) { Label = label };

    private sealed class Listener(Action<QuantizationProgress> listen) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => listen(value);
    }
}
