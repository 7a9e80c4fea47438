using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Measures a quantized model beside the float one.</summary>
internal static class Measuring
{
    public static EvaluationResult Run(
        ProgressView view, string modelPath, string quantizedPath, ISampleSource samples, DataRequest data, int batchSize, int threads, CancellationToken cancellation)
    {
        view.Begin(samples.Count is { } count ? $"Measuring on {Figures.Count(count, "sample")}" : "Measuring");
        EvaluationOptions options = new()
        {
            BatchSize = batchSize,
            Metrics = EmbeddingMetricsOf.Measure(modelPath, data, samples.Count),
            SessionOptionsFactory = () => new SessionOptions
            {
                IntraOpNumThreads = threads,
                InterOpNumThreads = 1,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // errors come as exceptions
            },
        };
        return ModelEvaluator.Evaluate(modelPath, [quantizedPath], samples, options, view.ForSteps(), cancellation);
    }
}
