using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>An output that a model is about to be written to. Without <see cref="Finish"/> nothing of it is left.</summary>
/// <param name="name">What messages call it.</param>
internal abstract class OpenOutput(string name) : IDisposable
{
    /// <summary>What messages call it.</summary>
    public string Name { get; } = name;

    /// <summary>Takes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="largestMessage">Above this size the large tensors go into a second file, where there can be one.</param>
    /// <returns>The bytes that it takes.</returns>
    public abstract long Write(ModelProto model, long largestMessage);

    /// <summary>Takes the bytes of a model.</summary>
    public abstract void Write(Action<Stream> write);

    /// <summary>Writes to the stream what was taken. A file has it by then.</summary>
    public virtual void Finish()
    {
    }

    /// <summary>The same without blocking.</summary>
    public virtual Task FinishAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what was begun.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
