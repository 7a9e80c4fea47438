using Quantization.Onnx;

namespace Quantization.Examples;

internal static class EmbeddingExample
{
    public static void Run()
    {
        DynamicQuantizer.Quantize("model.onnx", new SampleFolder("samples"), "model.dynamic.onnx");
        EmbeddingOutput embeddings = EmbeddingOutput.Find("model.onnx") ?? new EmbeddingOutput("last_hidden_state", "attention_mask");
        EvaluationResult result = ModelEvaluator.Evaluate(
            "model.onnx", ["model.dynamic.onnx"], new SampleFolder("others"), new EvaluationOptions
            {
                Metrics = [ModelMetric.EmbeddingCosine(embeddings), ModelMetric.NeighbourRecall(embeddings)],
            });
        Console.WriteLine(string.Join(", ", result.Candidates[0].Metrics.Select(figure => figure.Value)));
    }
}
