using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>The facts of a conversion to half precision, in the form that all reports have.</summary>
internal static class HalfReport
{
    private const string Int8Model = "int8 model";

    public static QuantizationReport Create(HalfRequest request, PtqResult result, EvaluationResult? scores)
    {
        QuantizationReport report = QuantizationReport.Create(request.ModelPath, result, new PtqOptions(), result.Calibration, scores, []);
        string name = $"{request.FormatName} model";
        return report with
        {
            Quantized = report.Quantized with { Name = name },
            Settings = new Dictionary<string, string>
            {
                ["Format"] = request.FormatName,
                ["Arithmetic"] = request.Options.Format == HalfFormat.Float16 ? "16 bits where the range allows" : "32 bits",
                ["Inputs and outputs"] = request.Options.HasHalfInterface ? "16 bits" : "as they were",
            },
            Advice = [.. report.Advice.Select(sentence => sentence.Replace(Int8Model, name, StringComparison.Ordinal))],
        };
    }
}
