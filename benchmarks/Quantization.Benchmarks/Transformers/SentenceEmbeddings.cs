using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Transformers;

/// <summary>The embeddings of sentences: the mean over the tokens of what the model makes last, of length 1.</summary>
internal static class SentenceEmbeddings
{
    private const string Output = "last_hidden_state";

    /// <summary>Embeds sentences, each by itself.</summary>
    public static float[][] Of(string modelPath, IEnumerable<ModelSample> sentences)
    {
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using InferenceSession session = new(modelPath, options);
        using RunOptions run = new();
        return [.. sentences.Select(sentence => Embed(session, run, sentence))];
    }

    /// <summary>Runs a model once.</summary>
    public static void Run(InferenceSession session, RunOptions run, ModelSample sample)
    {
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        session.Run(run, bound.Inputs, [Output]).Dispose();
    }

    /// <summary>1 − the mean cosine of embeddings and those of the float model.</summary>
    public static double Loss(float[][] embeddings, float[][] floats) =>
        1 - embeddings.Zip(floats, (a, b) => (double)TensorPrimitives.Dot<float>(a, b)).Average();

    /// <summary>The share of each sentence's nearest others that are the same.</summary>
    public static double Recall(float[][] embeddings, float[][] floats, int neighbours) => Enumerable.Range(0, floats.Length).AsParallel()
        .Average(i => Nearest(embeddings, i, neighbours).Intersect(Nearest(floats, i, neighbours)).Count() / (double)neighbours);

    private static IEnumerable<int> Nearest(float[][] embeddings, int i, int neighbours)
    {
        float[] distances =
            [.. embeddings.Select((other, j) => j == i ? float.PositiveInfinity : -TensorPrimitives.Dot<float>(embeddings[i], other))];
        int[] order = [.. Enumerable.Range(0, distances.Length)];
        Array.Sort(distances, order);
        return order.Take(neighbours);
    }

    private static float[] Embed(InferenceSession session, RunOptions run, ModelSample sample)
    {
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, [Output]);
        ReadOnlySpan<float> values = outputs[0].GetTensorDataAsSpan<float>();
        float[] sum = new float[(int)outputs[0].GetTensorTypeAndShape().Shape[^1]];
        for (int start = 0; start < values.Length; start += sum.Length)
        {
            TensorPrimitives.Add(sum, values.Slice(start, sum.Length), sum);
        }

        TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
        return sum;
    }
}
