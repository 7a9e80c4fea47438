namespace Quantization.Onnx;

/// <summary>How fast a language model reads and writes text. Immutable.</summary>
/// <param name="PromptTokens">The tokens that were read at once.</param>
/// <param name="PromptTokensPerSecond">How many of them a second: the median of several rounds.</param>
/// <param name="TokensPerSecond">
/// The tokens written per second. Each run writes one token from the cache of those before; the median run counts.
/// </param>
public sealed record TokenSpeed(int PromptTokens, double PromptTokensPerSecond, double TokensPerSecond);
