using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Measures how many tokens language models read and write a second, with ONNX Runtime's sessions alone: one run over a prompt, then one
/// run for each token with the cache of keys and values of those before.
/// </summary>
public static class TokenSpeedMeter
{
    /// <summary>The tokens that a prompt is cut to.</summary>
    private const int MaxPromptTokens = 128;

    /// <summary>The tokens that are written in a round.</summary>
    private const int Steps = 32;

    private const int Rounds = 5;

    private static readonly TimeSpan LongestMeasurement = TimeSpan.FromSeconds(10);

    /// <summary>Measures two models in turn.</summary>
    /// <param name="reference">The float model.</param>
    /// <param name="candidate">The quantized one.</param>
    /// <param name="prompt">A text, as <c>input_ids</c>; its first 128 tokens are read.</param>
    /// <param name="optionsFactory">Makes the sessions' options; null for one thread on the CPU.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>
    /// Null where the models do not take <c>past_key_values.N</c> and give <c>present.N</c>, take inputs that are not known, or the prompt
    /// has no tokens.
    /// </returns>
    /// <exception cref="OnnxModelException">A model cannot be read or run.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TokenSpeedComparison? Measure(
        OnnxModel reference, OnnxModel candidate, ModelSample prompt, Func<SessionOptions>? optionsFactory = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(prompt);
        if (TokenInputs.ReadTokens(prompt) is not { Length: > 0 } tokens)
        {
            return null;
        }

        tokens = tokens[..Math.Min(MaxPromptTokens, tokens.Length)];
        using EvaluatedModel first = EvaluatedModel.Load(reference, optionsFactory, cancellationToken);
        using EvaluatedModel second = EvaluatedModel.Load(candidate, optionsFactory, cancellationToken);
        TextGeneration[] models = [new(first), new(second)];
        if (models.Any(model => !model.IsPossible))
        {
            return null;
        }

        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds && (round == 0 || Stopwatch.GetElapsedTime(start) < LongestMeasurement); round++)
        {
            foreach (TextGeneration model in round % 2 == 0 ? models : models.Reverse())
            {
                model.Run(tokens, Steps, cancellationToken);
            }
        }

        return new TokenSpeedComparison(models[0].SpeedOf(tokens.Length), models[1].SpeedOf(tokens.Length));
    }
}
