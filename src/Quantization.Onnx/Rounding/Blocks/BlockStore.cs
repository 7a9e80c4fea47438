using System.Globalization;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Keeps the codes of weights until the model is written. Those of a large matrix wait in a temporary file, so that few are in memory at
/// once.
/// </summary>
internal sealed class BlockStore : IDisposable
{
    private readonly string _modelPath;
    private OwnedFolder? _folder;
    private int _files;

    /// <param name="modelPath">What messages call the model.</param>
    public BlockStore(string modelPath) => _modelPath = modelPath;

    /// <summary>Codes of fewer bytes stay in memory.</summary>
    public int Smallest { get; init; } = TensorBytes.Smallest;

    /// <summary>The same tensors, with their bytes in a file where these are many.</summary>
    /// <exception cref="IOException">The temporary folder has no room for them.</exception>
    public StoredBlocks Keep(StoredBlocks blocks)
    {
        TensorProto[] tensors = [.. ((TensorProto?[])[blocks.Codes, blocks.Scales, blocks.ZeroPoints]).OfType<TensorProto>()];
        if (blocks.Codes.RawData.Length < Smallest)
        {
            return blocks;
        }

        _folder ??= OwnedFolder.CreateTemporary();
        string path = _folder[string.Create(CultureInfo.InvariantCulture, $"blocks{_files++}")];
        try
        {
            using FileStream stream = File.Create(path);
            foreach (TensorProto tensor in tensors)
            {
                stream.Write(tensor.RawData.Span);
            }
        }
        catch (IOException e)
        {
            throw OwnedFolder.CannotUseTemporaryPath($"cannot write the codes of {_modelPath} here", e);
        }

        TensorFile file = TensorFile.Open(_modelPath, path);
        long offset = 0;
        foreach (TensorProto tensor in tensors)
        {
            int length = tensor.RawData.Length;
            tensor.RawData = length == 0 ? ByteString.Empty : TensorBytes.Of(file, offset, length);
            offset += length;
        }

        return blocks;
    }

    public void Dispose() => _folder?.Dispose();
}
