namespace Quantization.Tool;

/// <summary>A run was cancelled, and the next one goes on from what it did.</summary>
internal sealed class ResumableException(string message, OperationCanceledException cancelled)
    : OperationCanceledException(message, cancelled);
