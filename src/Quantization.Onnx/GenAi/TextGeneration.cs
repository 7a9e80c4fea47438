using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Lets a language model read a prompt and write tokens, each the most likely one, and times it.</summary>
/// <param name="model">The model, with a cache of keys and values.</param>
internal sealed class TextGeneration(EvaluatedModel model)
{
    private const string Present = "present.";

    private readonly string[] _caches = [.. model.Inputs.Keys.Where(name => name.StartsWith(TokenInputs.Past, StringComparison.Ordinal))];
    private readonly LatencyKeeper _prompts = new();
    private readonly LatencyKeeper _steps = new();

    /// <summary>Whether the model has a cache, and takes nothing that is not known.</summary>
    public bool IsPossible => _caches.Length > 0 && model.Inputs.ContainsKey(TokenInputs.Tokens)
        && model.Inputs.Keys.All(name => name is TokenInputs.Tokens or TokenInputs.Mask or TokenInputs.Positions || _caches.Contains(name))
        && _caches.All(name => model.OutputNames.Contains(PresentOf(name)));

    /// <summary>How fast it was.</summary>
    /// <param name="promptTokens">The tokens of the prompt.</param>
    public TokenSpeed SpeedOf(int promptTokens) =>
        new(promptTokens, promptTokens / _prompts.Median.TotalSeconds, 1 / _steps.Median.TotalSeconds);

    /// <summary>Reads a prompt and writes tokens.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="steps">The tokens to write.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>The tokens written.</returns>
    public long[] Run(long[] prompt, int steps, CancellationToken cancellationToken)
    {
        long[] written = new long[steps];
        List<string> outputs = [model.OutputNames[0], .. _caches.Select(PresentOf)];
        IDisposableReadOnlyCollection<OrtValue>? past = null;
        try
        {
            using BoundSample start = SampleBinder.Bind(
                new ModelSample("the prompt", SampleTensor.Create<long>(TokenInputs.Tokens, prompt, 1, prompt.Length)), model.Inputs);
            past = Time(start, outputs, _prompts, cancellationToken);
            for (int step = 0; step < steps; step++)
            {
                written[step] = Next(past[0]);
                using BoundSample single = SampleBinder.Bind(Single(written[step], prompt.Length + step), Others());
                Dictionary<string, OrtValue> inputs = new(single.Inputs);
                for (int i = 0; i < _caches.Length; i++)
                {
                    inputs[_caches[i]] = past[i + 1];
                }

                IDisposableReadOnlyCollection<OrtValue> next = Time(new BoundSample(inputs), outputs, _steps, cancellationToken);
                past.Dispose();
                past = next;
            }

            return written;
        }
        finally
        {
            past?.Dispose();
        }
    }

    private static string PresentOf(string cache) => Present + cache[TokenInputs.Past.Length..];

    private IDisposableReadOnlyCollection<OrtValue> Time(
        BoundSample inputs, IReadOnlyList<string> outputs, LatencyKeeper keeper, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        model.WarmUp(inputs, outputs, "the prompt", cancellationToken);
        long start = Stopwatch.GetTimestamp();
        IDisposableReadOnlyCollection<OrtValue> values = model.Run(inputs, outputs, "the prompt", cancellationToken);
        keeper.Add(Stopwatch.GetElapsedTime(start));
        return values;
    }

    /// <summary>The most likely token behind the last one.</summary>
    private static long Next(OrtValue logits)
    {
        ReadOnlySpan<float> values = new FloatOutput(logits).Values;
        int words = (int)logits.GetTensorTypeAndShape().Shape[^1];
        return TensorPrimitives.IndexOfMax(values[^words..]);
    }

    /// <summary>The inputs but the cache.</summary>
    private Dictionary<string, NodeMetadata> Others() =>
        model.Inputs.Where(input => !_caches.Contains(input.Key)).ToDictionary(input => input.Key, input => input.Value);

    private ModelSample Single(long token, int before)
    {
        List<SampleTensor> inputs = [Make(TokenInputs.Tokens, [token])];
        if (model.Inputs.ContainsKey(TokenInputs.Mask))
        {
            inputs.Add(Make(TokenInputs.Mask, [.. Enumerable.Repeat(1L, before + 1)]));
        }

        if (model.Inputs.ContainsKey(TokenInputs.Positions))
        {
            inputs.Add(Make(TokenInputs.Positions, [before]));
        }

        return new ModelSample("the prompt", [.. inputs]);

        SampleTensor Make(string name, long[] values) => model.Inputs[name].ElementDataType == TensorElementType.Int32
            ? SampleTensor.Create<int>(name, [.. values.Select(value => (int)value)], 1, values.Length)
            : SampleTensor.Create<long>(name, values, 1, values.Length);
    }
}
