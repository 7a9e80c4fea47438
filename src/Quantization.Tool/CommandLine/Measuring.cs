using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Measures a quantized model beside the float one.</summary>
internal static class Measuring
{
    public static EvaluationResult Run(
        ProgressView view, string modelPath, string quantizedPath, ISampleSource samples, DataRequest data, int batchSize, int threads,
        CancellationToken cancellation)
    {
        view.Begin(samples.Count is { } count ? $"Measuring on {Figures.Count(count, "sample")}" : "Measuring");
        EvaluationOptions options = OptionsOf(modelPath, samples, data, batchSize, threads);
        return ModelEvaluator.Evaluate(modelPath, [quantizedPath], samples, options, view.ForSteps(), cancellation);
    }

    /// <summary>How models are compared with a float model.</summary>
    public static EvaluationOptions OptionsOf(string modelPath, ISampleSource samples, DataRequest data, int batchSize, int threads) =>
        new()
        {
            BatchSize = batchSize,
            Metrics = EmbeddingMetricsOf.Measure(modelPath, data, samples.Count),
            SessionOptionsFactory = () => MakeOptions(threads),
        };

    /// <summary>How many tokens a second both models read and write; null where they have no cache.</summary>
    public static TokenSpeedComparison? TokenSpeed(
        ProgressView view, string modelPath, string quantizedPath, ISampleSource samples, int threads, CancellationToken cancellation)
    {
        view.Begin("Measuring tokens a second");
        return TokenSpeedMeter.Measure(modelPath, quantizedPath, samples.First(), () => MakeOptions(threads), cancellation);
    }

    private static SessionOptions MakeOptions(int threads) => new()
    {
        IntraOpNumThreads = threads,
        InterOpNumThreads = 1,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // errors come as exceptions
    };
}
