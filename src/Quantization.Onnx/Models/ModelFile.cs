using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A model as its file holds it.</summary>
/// <param name="Path">The file.</param>
/// <param name="MessageBytes">Its size.</param>
/// <param name="Bytes">Its size, together with the files that it keeps tensors in.</param>
/// <param name="Fingerprint">Tells whether another file holds the same.</param>
/// <param name="Model">The content.</param>
internal sealed record ModelFile(string Path, long MessageBytes, long Bytes, ModelFingerprint Fingerprint, ModelProto Model)
{
    /// <summary>The bytes of a model that came from memory; null for one in a file.</summary>
    public ReadOnlyMemory<byte>? Content { get; private init; }

    /// <summary>Whether the model keeps tensors in other files; messages hold them as if they were its own.</summary>
    public bool IsSplit => Bytes > MessageBytes;

    /// <summary>Reads a model and refuses what is not one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="largestInMemory">
    /// The large tensors of a model of more bytes stay in its files until they are asked for: those files must not be changed as long
    /// as the model is in use.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">
    /// The file is empty, truncated, no regular file, not ONNX, above 2 GB, exceeds a limit of <see cref="ModelLimits"/>, keeps weights in
    /// files that cannot be read or lie outside of its folder, or holds a
    /// tensor that contradicts its shape.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelFile Load(string path, long largestInMemory = ModelStore.LargestInMemory) =>
        Load(path, largestInMemory, IncrementalHash.CreateHash(HashAlgorithmName.SHA256));

    /// <summary>The same without fingerprint, so that the weights of a large model are not read at all.</summary>
    /// <inheritdoc cref="Load(string, long)"/>
    public static ModelFile LoadWithoutHash(string path, long largestInMemory) => Load(path, largestInMemory, null);

    private static ModelFile Load(string path, long largestInMemory, IncrementalHash? hash)
    {
        ThrowUnlessFile(path);
        (ModelProto model, long bytes) = Read(path, path, hash, largestInMemory);
        ThrowUnlessModel(path, model);
        (long external, IReadOnlyList<ByteString> places) = ExternalData.Load(path, model, largestInMemory - bytes);
        ThrowUnlessWhole(path, model);
        ModelFingerprint fingerprint = hash is null ? default
            : bytes + external <= largestInMemory ? new ModelFingerprint(Finish(hash, places))
                // reading gigabytes takes a while, and few ask for the fingerprint soon
                : new ModelFingerprint(Task.Run(() => Finish(hash, places)));
        return new ModelFile(path, bytes, bytes + external, fingerprint, model);
    }

    /// <summary>Brings the data in other files into the hash of a message.</summary>
    private static byte[] Finish(IncrementalHash hash, IReadOnlyList<ByteString> places)
    {
        using (hash)
        {
            foreach (ByteString place in places)
            {
                TensorBytes.ForEachBlock(place, hash.AppendData);
            }

            return hash.GetHashAndReset();
        }
    }

    /// <summary>Reads a model from memory.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="content">What its file would hold.</param>
    /// <exception cref="OnnxModelException">It is none, or a damaged one, or it keeps tensors in files.</exception>
    public static ModelFile Parse(string name, ReadOnlyMemory<byte> content)
    {
        if (content.IsEmpty)
        {
            throw new OnnxModelException(name, "there are no bytes; export or download the model again.");
        }

        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(content.Span);
        }
        catch (InvalidProtocolBufferException e) when (GraphDepth.IsRefusal(e))
        {
            throw GraphDepth.Refuse(name, content.Span, e);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxModelException(
                name, "the bytes are truncated or not an ONNX model; export or download it again.", innerException: e);
        }

        ThrowUnlessModel(name, model);
        if (model.AllTensors().FirstOrDefault(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External) is { } elsewhere)
        {
            throw new OnnxModelException(name, $"tensor '{elsewhere.Name}' is in a file beside the model, which cannot be found from "
                + "bytes; give the path of the model (OnnxModel.FromFile), or save it with its weights inside.");
        }

        ThrowUnlessWhole(name, model);
        return new ModelFile(
            name, content.Length, content.Length, new ModelFingerprint(SHA256.HashData(content.Span)), model) { Content = content };
    }

    /// <summary>Writes the model as it was read.</summary>
    public void CopyTo(Stream stream)
    {
        if (Content is { } content)
        {
            stream.Write(content.Span);
            return;
        }

        using FileStream original = File.OpenRead(Path);
        original.CopyTo(stream);
    }

    private static void ThrowUnlessModel(string path, ModelProto model)
    {
        if (model.Graph is null)
        {
            throw new OnnxModelException(path, "not an ONNX model: the file holds no graph.");
        }

        if (Opset.Find(model) is null)
        {
            throw new OnnxModelException(
                path, "the model does not import ONNX's operator set, so its operators have no meaning; export it again.");
        }

        ModelLimits.ThrowIfExceeded(path, model);
        if (model.Graph.Initializer.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new OnnxModelException(
                path, $"two tensors of the graph are called '{twice.Key}'; the model is damaged, export it again.");
        }

    }

    private static void ThrowUnlessWhole(string path, ModelProto model)
    {
        foreach (TensorProto tensor in model.AllTensors())
        {
            if (!tensor.HasSizeOfItsShape())
            {
                throw new OnnxModelException(path, $"tensor '{tensor.Name}' holds more or fewer values than its shape "
                    + $"[{string.Join(", ", tensor.Dims)}] says; the file is damaged, export the model again.");
            }
        }

        FunctionExpansion.ThrowIfTooManyBytes(path, model);
    }

    private static void ThrowUnlessFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new FileNotFoundException($"{path}: this is a folder; name the model's file in it.", path);
        }

        FileKind kind = RegularFile.KindOf(path);
        if (kind is FileKind.Pipe or FileKind.Socket or FileKind.Device)
        {
            throw new OnnxModelException(path, $"this is {RegularFile.Describe(kind)}, and models are read only from regular files; "
                + "copy it into one and name that.");
        }

        FileInfo file = new(path);
        if (!file.Exists)
        {
            throw new FileNotFoundException($"{path}: there is no such model file.", path);
        }

        if (file.Length == 0)
        {
            throw new OnnxModelException(path, "the file is empty; export or download the model again.");
        }

        if (file.Length > int.MaxValue)
        {
            throw new OnnxModelException(path, "the file is larger than 2 GB, the most that a protobuf message can have; save the model "
                + "with its weights in a file of their own (external data).");
        }
    }

    /// <summary>Reads the message that ONNX Runtime made of a model.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="OnnxModelException">It is damaged, or graphs are nested too deeply in it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelProto ReadMade(string modelPath, string path) => Read(modelPath, path, null, ModelStore.LargestRead).Model;

    private static ModelMessage Read(string modelPath, string path, IncrementalHash? hash, long largestInMemory)
    {
        try
        {
            return ModelMessage.Read(path, hash, largestInMemory);
        }
        catch (EndOfStreamException e)
        {
            throw new OnnxModelException(
                modelPath, "the file became shorter while it was read; leave it as it is until the run has ended.", innerException: e);
        }
        catch (InvalidProtocolBufferException e) when (GraphDepth.IsRefusal(e))
        {
            using FileContent content = FileContent.Read(path);
            throw GraphDepth.Refuse(modelPath, content.Bytes, e);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxModelException(
                modelPath, "the file is truncated or not an ONNX model; export or download it again.", innerException: e);
        }
    }
}
