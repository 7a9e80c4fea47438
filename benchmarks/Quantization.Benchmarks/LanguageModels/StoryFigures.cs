using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>How well a language model foretells stories.</summary>
/// <param name="Perplexity">The exponential of the mean negative log-likelihood of each next token.</param>
/// <param name="Divergence">The mean Kullback–Leibler divergence from the float model, in nats.</param>
/// <param name="Agreement">The share of tokens whose most likely successor is the float model's.</param>
internal sealed record StoryFigures(double Perplexity, double Divergence, double Agreement)
{
    /// <summary>Measures a model.</summary>
    /// <param name="path">The model, from <c>input_ids</c> to <c>logits</c>.</param>
    /// <param name="stories">The tokens of each story.</param>
    /// <param name="reference">The log-probabilities of the float model; filled where it is empty.</param>
    public static StoryFigures Of(string path, IReadOnlyList<long[]> stories, List<float[]> reference)
    {
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using InferenceSession session = new(path, options);
        using RunOptions run = new();
        bool isReference = reference.Count == 0;
        double likelihood = 0, divergence = 0;
        long count = 0, agreeing = 0;
        for (int story = 0; story < stories.Count; story++)
        {
            long[] tokens = stories[story];
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [1, tokens.Length]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["input_ids"], [input], ["logits"]);
            float[] logs = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            int words = logs.Length / tokens.Length;
            if (isReference)
            {
                reference.Add(logs);
            }

            for (int i = 0; i + 1 < tokens.Length; i++)
            {
                Span<float> row = logs.AsSpan(i * words, words), expected = reference[story].AsSpan(i * words, words);
                Normalize(row);
                likelihood -= row[(int)tokens[i + 1]];
                agreeing += TensorPrimitives.IndexOfMax<float>(row) == TensorPrimitives.IndexOfMax<float>(expected) ? 1 : 0;
                for (int word = 0; word < words; word++)
                {
                    divergence += Math.Exp(expected[word]) * (expected[word] - row[word]);
                }

                count++;
            }
        }

        return new StoryFigures(Math.Exp(likelihood / count), divergence / count, (double)agreeing / count);
    }

    /// <summary>The tokens of the stories of a folder.</summary>
    public static IReadOnlyList<long[]> Read(string folder) =>
        [.. new SampleFolder(folder).Select(story => MemoryMarshal.Cast<byte, long>(story.Inputs[0].Data).ToArray())];

    private static void Normalize(Span<float> logits)
    {
        double sum = 0, most = TensorPrimitives.Max<float>(logits);
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - most);
        }

        TensorPrimitives.Subtract(logits, (float)(most + Math.Log(sum)), logits);
    }
}
