using System.Numerics.Tensors;

namespace Quantization.Onnx.Tests.Sensitivity;

/// <summary>The measures against what other means find: models written and run by hand, and arithmetic on the tensors.</summary>
public sealed class SensitivityAnalyzerTests : IDisposable
{
    private static readonly double[] Factors = [1, 1, 60, 1, 1];
    private static readonly SampleList Samples = RandomTensors.Samples(48, UnevenNetwork.Width);
    private static readonly PtqOptions PerTensor =
        new() { ActivationCalibrator = new MaxCalibrator(), WeightGranularity = GranularityKind.PerTensor };

    private readonly TemporaryFolder _folder = new();
    private readonly ModelCalibration _calibration;

    public SensitivityAnalyzerTests()
    {
        UnevenNetwork.Build(1, Factors).Save(Model);
        _calibration = ModelCalibrator.Calibrate(Model, Samples);
    }

    private string Model => _folder.PathTo("model.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_layer_alone_and_all_but_one_are_what_written_models_score()
    {
        SensitivityResult result = Analyze(SensitivityMeasure.OnlyThisLayer, SensitivityMeasure.AllButThisLayer);

        string[] layers = UnevenNetwork.Layers(Factors.Length);
        result.Layers.Select(layer => layer.Node).Should().Equal(layers);
        result.QuantizedScore.SignalToNoise.Should().BeApproximately(Sqnr([]), 1e-9);
        foreach (LayerSensitivity layer in result.Layers)
        {
            layer.Scores[SensitivityMeasure.OnlyThisLayer].SignalToNoise.Should()
                .BeApproximately(Sqnr([.. layers.Where(other => other != layer.Node)]), 1e-9);
            layer.Scores[SensitivityMeasure.AllButThisLayer].SignalToNoise.Should().BeApproximately(Sqnr([layer.Node]), 1e-9);
        }

        double Sqnr(string[] inFloat)
        {
            string path = _folder.PathTo("other.onnx");
            PostTrainingQuantizer.Quantize(Model, _calibration, path, PerTensor with { FloatNodes = inFloat.ToHashSet() });
            return ModelEvaluator.Evaluate(Model, [path], Samples).Candidates[0].SignalToNoise!.Value;
        }
    }

    [Fact]
    public void Weights_alone_are_what_the_float_model_scores_with_the_values_of_their_codes()
    {
        SensitivityResult result = Analyze(SensitivityMeasure.OnlyWeights);

        float[][] expected = Outputs(UnevenNetwork.Build(1, Factors));
        for (int layer = 1; layer <= Factors.Length; layer++)
        {
            ModelBuilder model = UnevenNetwork.Build(1, Factors);
            Protos.TensorProto weights = model.Graph.Initializer.Single(tensor => tensor.Name == $"w{layer}");
            float[] values = weights.ReadFloats();
            float scale = values.Max(MathF.Abs) / 127;
            float[] rounded = [.. values.Select(value => MathF.Round(value / scale, MidpointRounding.ToEven) * scale)];
            weights.RawData =
                TensorData.Make<float>(Protos.TensorProto.Types.DataType.Float, rounded, UnevenNetwork.Width, UnevenNetwork.Width).RawData;
            double sqnr = Decibels.Sqnr([.. expected.SelectMany(row => row)], [.. Outputs(model).SelectMany(row => row)]);
            result.Layers[layer - 1].Scores[SensitivityMeasure.OnlyWeights].SignalToNoise.Should().BeApproximately(sqnr, 0.01);
        }

        static float[][] Outputs(ModelBuilder model) =>
            [.. Samples.Select(sample => ModelRun.Floats(model.Model, Values(sample), 1, UnevenNetwork.Width)[0])];
    }

    [Fact]
    public void Activations_alone_are_what_arithmetic_on_rounded_inputs_gives()
    {
        ModelBuilder single = UnevenNetwork.Build(7, 1.0);
        string path = single.Save(_folder.PathTo("single.onnx"));
        ModelCalibration calibration = ModelCalibrator.Calibrate(path, Samples);

        SensitivityResult result = SensitivityAnalyzer.Analyze(path, calibration, Samples, new SensitivityOptions
        {
            Baseline = PerTensor,
            Measures = [SensitivityMeasure.OnlyActivations, SensitivityMeasure.OnlyWeights]
        });

        float[] weights = single.Graph.Initializer.Single(tensor => tensor.Name == "w1").ReadFloats(),
            bias = single.Graph.Initializer.Single(tensor => tensor.Name == "b1").ReadFloats();
        AffineQuantizer quantizer = AffineQuantizer.FromRange(
            new ValueRange(calibration.Activations["x"].Min, calibration.Activations["x"].Max), CodeFormat.UInt8);
        float[][] inputs = [.. Samples.Select(Values)];
        float[][] rounded = [.. inputs.Select(input =>
        {
            float[] output = new float[input.Length];
            quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(input), new TensorSpan<float>(output));
            return output;
        })];
        double sqnr = Decibels.Sqnr([.. inputs.SelectMany(Multiply)], [.. rounded.SelectMany(Multiply)]);
        result.Layers.Single().Scores[SensitivityMeasure.OnlyActivations].SignalToNoise.Should().BeApproximately(sqnr, 0.01);
        result.Layers.Single().Scores[SensitivityMeasure.OnlyWeights].SignalToNoise.Should().NotBeApproximately(sqnr, 0.01);

        float[] Multiply(float[] input) => [.. Enumerable.Range(0, UnevenNetwork.Width).Select(column =>
            (float)(bias[column]
                + Enumerable.Range(0, UnevenNetwork.Width).Sum(row => (double)input[row] * weights[row * UnevenNetwork.Width + column])))
        ];
    }

    [Fact]
    public void The_estimate_from_statistics_is_near_the_noise_that_is_measured()
    {
        string path = UnevenNetwork.Build(7, 1.0).Save(_folder.PathTo("single.onnx"));
        SampleList samples = RandomTensors.Samples(500, UnevenNetwork.Width);
        ModelCalibration calibration = ModelCalibrator.Calibrate(path, samples);
        PtqOptions options = PerTensor with { WeightFormat = CodeFormat.Signed(6) };

        LayerNoiseEstimate estimate = SensitivityAnalyzer.EstimateNoise(path, calibration, options).Single();
        SensitivityResult measured = SensitivityAnalyzer.Analyze(
            path, calibration, samples, new SensitivityOptions
            {
                Baseline = options,
                Measures = [SensitivityMeasure.OnlyWeights, SensitivityMeasure.OnlyActivations, SensitivityMeasure.OnlyThisLayer],
                BatchSize = 500
            });

        IReadOnlyDictionary<SensitivityMeasure, TrialScore> scores = measured.Layers.Single().Scores;
        Decibels(estimate.Weights).Should().BeApproximately(scores[SensitivityMeasure.OnlyWeights].SignalToNoise, 1);
        Decibels(estimate.Activations).Should().BeApproximately(scores[SensitivityMeasure.OnlyActivations].SignalToNoise, 1);
        Decibels(estimate.NoiseToSignal).Should().BeApproximately(scores[SensitivityMeasure.OnlyThisLayer].SignalToNoise, 1);

        static double Decibels(double noise) => -10 * Math.Log10(noise);
    }

    [Fact]
    public void A_histograms_noise_is_that_of_its_values()
    {
        float[] values = RandomTensors.Normal(3, 20_000);
        TensorStatistics statistics = new();
        statistics.Observe(values);
        foreach (float limit in (float[])[0.5f, 2, 4])
        {
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-limit, limit), CodeFormat.UInt8);
            float[] rounded = new float[values.Length];
            quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(values), new TensorSpan<float>(rounded));
            double expected = values.Zip(rounded, (x, y) => ((double)x - y) * ((double)x - y)).Sum() / values.Sum(x => (double)x * x);

            NoiseEstimator.NoiseToSignal(
                statistics,
                new FixedParameters(quantizer.Parameters.Scales[0], quantizer.Parameters.ZeroPoints[0]),
                CodeFormat.UInt8).Should()
                .BeApproximately(expected, expected * 0.02);
        }
    }

    [Fact]
    public void Every_figure_ranks_and_says_what_it_cost_and_how_it_agrees()
    {
        SensitivityResult result = Analyze(Enum.GetValues<SensitivityMeasure>());

        SensitivityRanking ranking = result.Rank(SensitivityMeasure.OnlyThisLayer, SensitivityCriterion.SignalToNoise);
        ranking.Layers.Select(layer => layer.Node).Should().Equal(
            result.Layers.OrderBy(layer => layer.Scores[SensitivityMeasure.OnlyThisLayer].SignalToNoise).Select(layer => layer.Node));
        ranking.Layers[0].Node.Should().Be("h3-node", "one of its channels spoils the scale of the others");
        ranking.CorrelationWithMetric.Should().Be(1, "the metric is the SQNR itself");
        result.Rankings.Should()
            .HaveCount(1 + 4 * 4).And.OnlyContain(each => each.CorrelationWithMetric >= -1 && each.CorrelationWithMetric <= 1);
        result.Costs[SensitivityMeasure.EstimatedNoise].Should().Match<MeasureCost>(cost => cost.Models == 0 && cost.Runs == 0);
        result.Costs[SensitivityMeasure.OnlyWeights].Should()
            .Match<MeasureCost>(cost => cost.Models == Factors.Length && cost.Runs == Factors.Length * 48 && cost.Elapsed > TimeSpan.Zero);
        result.Rank(SensitivityMeasure.AllButThisLayer, SensitivityCriterion.Metric).Layers.Should()
            .OnlyContain(layer => layer.Sensitivity <= result.QuantizedScore.SignalToNoise);
        FluentActions.Invoking(
            () => Analyze(SensitivityMeasure.EstimatedNoise).Rank(SensitivityMeasure.OnlyWeights, SensitivityCriterion.Metric))
            .Should().Throw<ArgumentException>()
            .WithMessage("OnlyWeights was not measured by Metric; there are EstimatedNoise by NoiseToSignal.");
    }

    private static float[] Values(ModelSample sample) =>
        [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data)];

    private SensitivityResult Analyze(params SensitivityMeasure[] measures) =>
        SensitivityAnalyzer.Analyze(Model, _calibration, Samples, new SensitivityOptions { Baseline = PerTensor, Measures = measures });
}
