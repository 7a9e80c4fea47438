using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests;

/// <summary>How well a small language model foretells the words of stories.</summary>
internal static class Stories
{
    /// <summary>The exponential of the mean negative logarithm of each next token's probability.</summary>
    public static double Perplexity(string path)
    {
        using InferenceSession session = new(path);
        using RunOptions run = new();
        double sum = 0;
        long count = 0;
        foreach (ModelSample story in new SampleFolder(SharedFolder.Models("stories260K", "evaluate")).Take(10))
        {
            long[] tokens = MemoryMarshal.Cast<byte, long>(story.Inputs[0].Data).ToArray();
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [1, tokens.Length]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["input_ids"], [input], ["logits"]);
            ReadOnlySpan<float> logits = outputs[0].GetTensorDataAsSpan<float>();
            int words = logits.Length / tokens.Length;
            for (int i = 0; i + 1 < tokens.Length; i++)
            {
                ReadOnlySpan<float> row = logits.Slice(i * words, words);
                double total = 0;
                foreach (float logit in row)
                {
                    total += Math.Exp(logit);
                }

                sum += Math.Log(total) - row[(int)tokens[i + 1]];
                count++;
            }
        }

        return Math.Exp(sum / count);
    }
}
