using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The message that is a model's file.</summary>
/// <param name="Model">Its content.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record ModelMessage(ModelProto Model, long Bytes)
{
    /// <summary>Reads a file of at most 2 GB.</summary>
    /// <param name="path">The file.</param>
    /// <param name="hash">Gets the file's bytes if there is one.</param>
    /// <param name="largestInMemory">The large tensors of a larger file stay in it until they are asked for.</param>
    /// <exception cref="InvalidProtocolBufferException">The message is damaged or nested too deeply.</exception>
    /// <exception cref="EndOfStreamException">The file became shorter meanwhile.</exception>
    /// <exception cref="OnnxModelException">The file, a large one, changed meanwhile.</exception>
    /// <exception cref="IOException">The file cannot be read, or it is no regular file.</exception>
    public static ModelMessage Read(string path, IncrementalHash? hash = null, long largestInMemory = ModelStore.LargestInMemory)
    {
        if (LengthOf(path) > largestInMemory)
        {
            TensorFile file = TensorFile.Open(path, path);
            ModelProto large = LazyModelReader.Read(file);
            if (hash is not null)
            {
                file.Read(0, file.Length, hash.AppendData);
            }

            return new ModelMessage(large, file.Length);
        }

        using FileContent content = FileContent.Read(path);
        ModelProto model = ModelProto.Parser.ParseFrom(content.Bytes);
        hash?.AppendData(content.Bytes);
        return new ModelMessage(model, content.Bytes.Length);
    }

    private static long LengthOf(string path)
    {
        using FileStream stream = RegularFile.OpenRead(path, bufferSize: 0);
        return stream.Length;
    }
}
