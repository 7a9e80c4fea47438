using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>Lets a language model continue prompts, with the most likely token each time.</summary>
/// <param name="path">The model, with a cache of keys and values.</param>
internal sealed class GreedyWriter(string path) : IDisposable
{
    private readonly EvaluatedModel _model = EvaluatedModel.Load(OnnxModel.FromFile(path), null, CancellationToken.None);

    /// <summary>The tokens that follow each prompt, written one by one with the cache.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="count">How many tokens to write.</param>
    public long[][] Continue(IReadOnlyList<long[]> prompts, int count)
    {
        TextGeneration text = new(_model);
        return [.. prompts.Select(prompt => text.Run(prompt, count, CancellationToken.None))];
    }

    /// <summary>The logits that the model chooses each written token by, from one run over the whole text.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="written">The tokens behind it.</param>
    public float[][] LogitsOf(long[] prompt, long[] written)
    {
        long[] tokens = [.. prompt, .. written[..^1]];
        using BoundSample sample = SampleBinder.Bind(
            new ModelSample("the text", SampleTensor.Create<long>(TokenInputs.Tokens, tokens, 1, tokens.Length)), _model.Inputs);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _model.Run(sample, ["logits"], "the text", CancellationToken.None);
        float[] all = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        int words = all.Length / tokens.Length;
        return [.. Enumerable.Range(prompt.Length - 1, written.Length).Select(i => all[(i * words)..((i + 1) * words)])];
    }

    /// <summary>The two most likely tokens, the likelier one first.</summary>
    public static (int First, int Second) TopOf(ReadOnlySpan<float> logits)
    {
        int first = TensorPrimitives.IndexOfMax(logits);
        float[] others = logits.ToArray();
        others[first] = float.NegativeInfinity;
        return (first, TensorPrimitives.IndexOfMax<float>(others));
    }

    public void Dispose() => _model.Dispose();
}
