using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Writes models as protobuf messages, with the large tensors in a file beside the message where it would become too large. Google.Protobuf
/// does not notice: above 2 GiB its sizes overflow, and what it writes cannot be read.
/// </summary>
internal static class ModelStore
{
    /// <summary>The most bytes that a protobuf message can have.</summary>
    public const long LargestMessage = int.MaxValue;

    /// <summary>
    /// The most bytes of a model that is in memory as a whole. The tensors of a larger one stay in their file until they are asked for.
    /// ONNX Runtime gets them by way of a temporary file, which it maps: it copies a message in
    /// memory twice.
    /// </summary>
    public const long LargestInMemory = 1 << 24;

    /// <summary>
    /// The same of a model that is only looked at, and of what ONNX Runtime wrote: no second copy of it goes to ONNX Runtime.
    /// </summary>
    public const long LargestRead = 1 << 27;

    /// <summary>Tensors below this size stay in the message, so that it can be read without the other file as far as possible.</summary>
    private const int SmallestExternal = 1024;

    /// <summary>What the data of each tensor is aligned to, for readers that map the file.</summary>
    private const int Alignment = 4096;

    /// <summary>The most bytes that tag and length of a field take.</summary>
    private const int FieldOverhead = 12;

    /// <summary>The size of a model's message, or a little more; right above 2 GiB too.</summary>
    public static long SizeOf(ModelProto model)
    {
        ModelProto rest = new(model) { Graph = null };
        long size = rest.CalculateSize();
        foreach (IMessage part in (IEnumerable<IMessage>)[.. model.Graph.Node, .. model.Graph.Initializer, .. model.Graph.SparseInitializer,
            .. model.Graph.Input, .. model.Graph.Output, .. model.Graph.ValueInfo])
        {
            size += part.CalculateSize() + FieldOverhead;
        }

        return size;
    }

    /// <summary>The bytes that a model takes with the file beside it, or a little more.</summary>
    /// <param name="model">The model.</param>
    /// <param name="largestMessage">Above this size the large tensors go into a second file.</param>
    public static long LargestSizeOf(ModelProto model, long largestMessage)
    {
        long size = SizeOf(model);
        return size <= largestMessage ? size
            : size + Alignment * (long)model.Graph.Initializer.Count(tensor => tensor.RawData.Length >= SmallestExternal);
    }

    /// <summary>Writes the large tensors of a model's graph to a stream.</summary>
    /// <returns>The model without them, which says where they are.</returns>
    public static ModelProto MoveTensors(ModelProto model, string location, Stream data)
    {
        ModelProto small = model.Clone();
        foreach (TensorProto tensor in small.Graph.Initializer)
        {
            if (tensor.RawData.Length >= SmallestExternal)
            {
                data.Write(new byte[(Alignment - data.Position % Alignment) % Alignment]);
                long offset = data.Position;
                TensorBytes.ForEachBlock(tensor.RawData, data.Write);
                ExternalData.Refer(tensor, location, offset);
            }
        }

        return small;
    }

    /// <summary>Puts a model in the place of an output file.</summary>
    /// <param name="output">The file.</param>
    /// <param name="path">Where it will be.</param>
    /// <param name="model">The model.</param>
    /// <param name="largestMessage">
    /// Above this size the large tensors go into a second file, which is called after the first and its own content: so no file of an
    /// earlier model is overwritten while that model is in use.
    /// </param>
    /// <returns>The bytes written.</returns>
    public static long Commit(AtomicFile output, string path, ModelProto model, long largestMessage)
    {
        if (SizeOf(model) <= largestMessage)
        {
            output.Commit(model.WriteTo);
            return model.CalculateSize();
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            TensorBytes.ForEachBlock(tensor.RawData, hash.AppendData);
        }

        string location = $"{Path.GetFileName(path)}.{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4))}.data";
        string dataPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, location);
        ModelProto small = model;
        using AtomicFile data = AtomicFile.Create(dataPath);
        data.Commit(stream => small = MoveTensors(model, location, stream));
        output.Commit(small.WriteTo);
        return small.CalculateSize() + new FileInfo(dataPath).Length;
    }
}
