using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>Why an item could not be done.</summary>
/// <param name="Kind">What kind of exception it was.</param>
/// <param name="Message">Its message.</param>
[GenerateSerializer]
[Alias("quantization.failure")]
internal sealed record ItemFailure(FailureKind Kind, string Message)
{
    /// <summary>Whether any other worker would fail in the same way.</summary>
    public bool IsOfInput => Kind != FailureKind.Worker;

    /// <summary>What travels of an exception.</summary>
    public static ItemFailure Of(Exception exception, string worker) => exception switch
    {
        OnnxModelException => new ItemFailure(FailureKind.Model, exception.Message),
        InvalidDataException => new ItemFailure(FailureKind.Data, exception.Message),
        ArgumentException => new ItemFailure(FailureKind.Argument, exception.Message),
        _ => new ItemFailure(FailureKind.Worker, $"{worker}: {exception.Message.ReplaceLineEndings(" ")}"),
    };

    /// <summary>The exception again, as this process would have thrown it.</summary>
    public Exception ToException()
    {
        int end = Message.IndexOf(": ", StringComparison.Ordinal);
        return Kind switch
        {
            FailureKind.Model when end > 0 => new OnnxModelException(Message[..end], Message[(end + 2)..]),
            FailureKind.Model or FailureKind.Data => new InvalidDataException(Message),
            FailureKind.Argument => new ArgumentException(Message),
            _ => new IOException(Message),
        };
    }
}
