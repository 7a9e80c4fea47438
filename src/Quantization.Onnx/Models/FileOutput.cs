using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A file that a model is about to be written to.</summary>
/// <param name="path">Where it will be.</param>
internal sealed class FileOutput(string path) : OpenOutput(path)
{
    private readonly AtomicFile _file = AtomicFile.Create(path);

    /// <inheritdoc />
    public override long Write(ModelProto model, long largestMessage) => ModelStore.Commit(_file, Name, model, largestMessage);

    /// <inheritdoc />
    public override void Write(Action<Stream> write) => _file.Commit(write);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }
}
