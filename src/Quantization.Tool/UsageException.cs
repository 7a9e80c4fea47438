namespace Quantization.Tool;

/// <summary>Arguments that parse, each by itself, but make no sense together.</summary>
internal sealed class UsageException(string message) : Exception(message);
