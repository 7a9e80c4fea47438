namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>A transformer encoder, half of which are tables of embeddings.</summary>
public sealed class EncoderTests : IDisposable
{
    private const int Vocabulary = 1000;

    private static readonly string[] Tables = ["token-rows-node", "place-rows-node"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly ModelCalibration _calibration;

    public EncoderTests()
    {
        _model = EncoderModel.Make(Vocabulary, positions: 128, width: 64, layers: 2).Save(_folder.PathTo("model.onnx"));
        _calibration = ModelCalibrator.Calibrate(_model, EncoderModel.Samples(8, 32, Vocabulary));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tables_take_a_quarter_and_add_little_noise()
    {
        (PtqResult with, double sqnr) = Quantize("with.onnx", new PtqOptions());
        (PtqResult without, double floatSqnr) = Quantize("without.onnx", new PtqOptions { FloatNodes = Tables.ToHashSet() });
        (_, double alone) = Quantize("alone.onnx", new PtqOptions { FloatNodes = with.QuantizedNodes.Except(Tables).ToHashSet() });

        with.QuantizedNodes.Should().Contain(Tables);
        with.OutputBytes.Should().BeLessThan(with.ModelBytes * 30 / 100);
        without.OutputBytes.Should().BeGreaterThan(with.ModelBytes * 55 / 100);
        with.Int8Operators.Should().Equal(without.Int8Operators);
        with.ConversionReasons.Should().HaveSameCount(without.ConversionReasons);

        // Noise of different origin adds up, and does not grow on the way.
        Noise(sqnr).Should().BeLessThan(1.25 * (Noise(floatSqnr) + Noise(alone)));

        // A row's largest of 64 normal values is about 2.5 times their root mean square, 13 with the column that stands out, so that 254
        // steps give 35 to 45 dB.
        alone.Should().BeGreaterThan(35);
    }

    [Fact]
    public void The_products_of_attention_are_named()
    {
        const string Costs = "both its operands are computed, and converting them takes the time that integers save",
            Short = "both its operands are computed";

        Reasons(new StaticInt8Recipe(new PtqOptions())).Should().Equal(Expected(Costs));
        Reasons(new DynamicInt8Recipe()).Should().Equal(Expected(Short));
        Reasons(new WeightOnlyInt8Recipe()).Should().Equal(Expected(Short));

        IReadOnlyDictionary<string, string> Reasons(IRecipe recipe) => recipe.Plan(FloatModel.Load(_model, recipe, null), null).FloatNodes;
        static Dictionary<string, string> Expected(string reason) => Enumerable.Range(0, 2).SelectMany(layer => ((string, string)[])
            [($"l{layer}-a-node", $"scores of attention: {reason}"), ($"l{layer}-d-node", $"mean of the values of attention: {reason}")])
            .ToDictionary(each => each.Item1, each => each.Item2);
    }

    [Fact]
    public void Each_measure_of_sensitivity_and_the_comparison_of_layers_list_the_tables()
    {
        SampleList samples = EncoderModel.Samples(4, 16, Vocabulary);
        SensitivityResult result = SensitivityAnalyzer.Analyze(
            _model,
            _calibration,
            samples,
            new SensitivityOptions { Metric = ModelMetric.SignalToNoise, Measures = Enum.GetValues<SensitivityMeasure>() });

        foreach (LayerSensitivity table in result.Layers.Where(layer => layer.Operator == "Gather"))
        {
            table.Cost.MultiplyAccumulates.Should().Be(0);
            table.Noise!.NoiseToSignal.Should().BeInRange(1e-5, 1e-3);
            table.Scores[SensitivityMeasure.OnlyThisLayer].SignalToNoise.Should()
                .BeApproximately(table.Scores[SensitivityMeasure.OnlyWeights].SignalToNoise, 0.01).And.BeGreaterThan(30);
            table.Scores[SensitivityMeasure.OnlyActivations].SignalToNoise.Should().Be(double.PositiveInfinity);
        }

        result.Layers.Select(layer => layer.Node).Should().Contain(Tables);
        LayerComparer.Compare(_model, _calibration, samples).Select(layer => layer.Node).Should().Contain(Tables);
    }

    [Fact]
    public void Partial_quantization_can_leave_a_table_in_float()
    {
        PartialResult result = PartialQuantizer.Run(
            _model,
            EncoderModel.Samples(4, 16, Vocabulary),
            EncoderModel.Samples(4, 24, Vocabulary),
            _folder.PathTo("partial.onnx"),
            new PartialOptions { Target = PartialTarget.Reach(200), Metric = ModelMetric.SignalToNoise, Steps = [], MaxTrials = 40 });

        result.IsTargetMet.Should().BeTrue();
        result.Written.FloatLayers.Should().Contain(Tables);
    }

    private static double Noise(double decibels) => Math.Pow(10, -decibels / 10);

    private (PtqResult Result, double Sqnr) Quantize(string name, PtqOptions options)
    {
        PtqResult result = PostTrainingQuantizer.Quantize(_model, _calibration, _folder.PathTo(name), options);
        EvaluationResult scores = ModelEvaluator.Evaluate(_model, [result.OutputPath], EncoderModel.Samples(8, 48, Vocabulary));
        return (result, scores.Candidates[0].SignalToNoise!.Value);
    }
}
