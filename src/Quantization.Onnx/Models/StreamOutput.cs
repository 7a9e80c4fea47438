using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A stream that a model is about to be written to. The model waits in memory, since streams such as a response may not be written to while
/// a thread is blocked.
/// </summary>
/// <param name="name">What messages call it.</param>
/// <param name="stream">The stream.</param>
internal sealed class StreamOutput(string name, Stream stream) : OpenOutput(name)
{
    private byte[] _content = [];

    /// <inheritdoc />
    public override long Write(ModelProto model, long largestMessage)
    {
        long bytes = ModelStore.SizeOf(model);
        if (bytes > Array.MaxLength)
        {
            throw new OnnxModelException(Name, $"the model takes {bytes} bytes, more than the 2 GB that fit into a stream; write it to a "
                + "file, which can keep its weights beside it.");
        }

        _content = model.ToByteArray();
        return _content.Length;
    }

    /// <inheritdoc />
    public override void Write(Action<Stream> write)
    {
        using MemoryStream content = new();
        write(content);
        _content = content.ToArray();
    }

    /// <inheritdoc />
    public override void Finish() => stream.Write(_content);

    /// <inheritdoc />
    public override async Task FinishAsync(CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_content, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
