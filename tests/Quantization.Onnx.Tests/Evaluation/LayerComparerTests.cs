namespace Quantization.Onnx.Tests.Evaluation;

public sealed class LayerComparerTests
{
    [Fact]
    public void The_noise_at_the_last_layer_is_that_of_the_model()
    {
        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare(
            FashionExample.ModelPath, FashionExample.Calibration, FashionExample.TestImages(0, 30));

        using TemporaryFolder folder = new();
        string quantized = folder.PathTo("int8.onnx");
        PtqResult result = PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, quantized);
        double expected = Decibels.Sqnr(FashionExample.Logits(FashionExample.ModelPath, 30), FashionExample.Logits(quantized, 30));
        layers[^1].Node.Should().Be("classifier");
        layers[^1].SignalToNoise.Should().BeApproximately(expected, 0.01);
        layers.Select(layer => layer.Node).Should().Equal(result.QuantizedNodes.Where(node => node != "flat"));
        layers.Where(layer => layer.OwnSignalToNoise is null).Select(layer => layer.Operator).Distinct().Should()
            .BeEquivalentTo("Add", "GlobalAveragePool");
    }

    [Fact]
    public void A_layer_alone_costs_what_a_model_costs_whose_other_layers_stay_in_float()
    {
        const string Layer = "features.b3.b.depthwise/conv";
        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare(
            FashionExample.ModelPath, FashionExample.Calibration, FashionExample.TestImages(0, 30));

        using TemporaryFolder folder = new();
        string quantized = folder.PathTo("one.onnx");
        PtqOptions options = new() { FloatNodes = layers.Where(layer => layer.OwnSignalToNoise is not null && layer.Node != Layer)
            .Select(layer => layer.Node).ToHashSet() };
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, quantized, options).QuantizedNodes.Should()
            .Equal(Layer);
        double expected = Decibels.Sqnr(FashionExample.Logits(FashionExample.ModelPath, 30), FashionExample.Logits(quantized, 30));
        layers.Single(layer => layer.Node == Layer).OwnSignalToNoise.Should().BeApproximately(expected, 0.01);
    }

    [Fact]
    public void Progress_reports_every_model_that_went_over_the_samples()
    {
        List<QuantizationProgress> seen = [];

        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare(
            FashionExample.ModelPath,
            FashionExample.Calibration,
            FashionExample.TestImages(0, 2),
            progress: new SynchronousProgress<QuantizationProgress>(seen.Add));

        int weighted = layers.Count(layer => layer.OwnSignalToNoise is not null);
        seen.Select(each => (int)each.Completed).Should().Equal(Enumerable.Range(3, weighted + 1).Prepend(1));
        seen.Should().OnlyContain(each => each.Total == weighted + 3);
    }

    [Fact]
    public void A_layer_with_coarse_weights_is_found()
    {
        PtqOptions coarse = new() { WeightFormat = CodeFormat.Signed(2) };

        IReadOnlyList<LayerNoise> fine = LayerComparer.Compare(
            FashionExample.ModelPath, FashionExample.Calibration, FashionExample.TestImages(0, 10));
        IReadOnlyList<LayerNoise> rough = LayerComparer.Compare(
            FashionExample.ModelPath, FashionExample.Calibration, FashionExample.TestImages(0, 10), coarse);

        fine.Zip(rough).Where(pair => pair.First.OwnSignalToNoise is not null).Should()
            .OnlyContain(pair => pair.First.OwnSignalToNoise > pair.Second.OwnSignalToNoise);
    }
}
