using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Examples;

internal static class ReportExample
{
    public static void Run()
    {
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(new SampleFolder("samples"));
        SearchResult search = PtqSearch.Run("model.onnx", calibration, scoring, "model.int8.onnx");
        EvaluationResult measured = ModelEvaluator.Evaluate("model.onnx", ["model.int8.onnx"], scoring);
        IReadOnlyList<LayerNoise> layers = LayerComparer.Compare("model.onnx", search.Calibration, scoring, search.Best.Options);

        QuantizationReport report = QuantizationReport.Create("model.onnx", search, measured, layers);
        report.SaveHtml("report.html");
        report.SaveJson("report.json");
    }
}
