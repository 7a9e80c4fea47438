using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Reporting.Tests;

/// <summary>The report of a search with the classifier that the tool ships; made once.</summary>
internal static class ExampleReport
{
    private static readonly Lazy<(QuantizationReport Report, SearchResult Search, IReadOnlyList<LayerNoise> Layers)> Made = new(Make);

    public static QuantizationReport Report => Made.Value.Report;

    public static SearchResult Search => Made.Value.Search;

    public static IReadOnlyList<LayerNoise> Layers => Made.Value.Layers;

    private static (QuantizationReport, SearchResult, IReadOnlyList<LayerNoise>) Make()
    {
        using TemporaryFolder folder = new();
        string output = folder.PathTo("int8.onnx");
        SearchOptions options = new()
        {
            Baseline = new PtqOptions { WeightFormat = CodeFormat.Signed(4) },
            ActivationSchemes = [QuantizationScheme.Affine],
            BatchSize = 100,
            PerTensorTrials = 4,
        };
        SearchResult search = PtqSearch.Run(
            FashionExample.ModelPath, FashionExample.TrainingImages(0, 100), FashionExample.TestImages(0, 400), output, options);
        EvaluationResult measured = ModelEvaluator.Evaluate(FashionExample.ModelPath, [output], FashionExample.TestImages(0, 100));
        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare(
            FashionExample.ModelPath, search.Calibration, FashionExample.TestImages(0, 20), search.Best.Options);
        return (QuantizationReport.Create(FashionExample.ModelPath, search, measured, layers), search, layers);
    }
}
