using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A model as its file holds it.</summary>
internal sealed record ModelFile(string Path, long Bytes, ModelFingerprint Fingerprint, ModelProto Model)
{
    /// <summary>Reads a model and refuses what is not one.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">The file is empty, truncated, not ONNX, above 2 GB, keeps weights in other files, or holds a tensor that contradicts its shape.</exception>
    public static ModelFile Load(string path)
    {
        byte[] content = ReadAll(path);
        ModelProto model = Parse(path, content);
        if (model.Graph is null)
        {
            throw new OnnxModelException(path, "not an ONNX model: the file holds no graph.");
        }

        if (Opset.Find(model) is null)
        {
            throw new OnnxModelException(path, "the model does not import ONNX's operator set, so its operators have no meaning; export it again.");
        }

        foreach (TensorProto tensor in model.Graph.AllTensors())
        {
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            {
                throw new OnnxModelException(path, $"tensor '{tensor.Name}' is kept in another file (external data), which is not supported; save the model as one file.");
            }

            if (!tensor.HasSizeOfItsShape())
            {
                throw new OnnxModelException(path, $"tensor '{tensor.Name}' holds more or fewer values than its shape [{string.Join(", ", tensor.Dims)}] says; the file is damaged, export the model again.");
            }
        }

        return new ModelFile(path, content.Length, new ModelFingerprint(SHA256.HashData(content)), model);
    }

    private static byte[] ReadAll(string path)
    {
        if (Directory.Exists(path))
        {
            throw new FileNotFoundException($"{path}: this is a folder; name the model's file in it.", path);
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
            throw new OnnxModelException(path, "the file is larger than 2 GB, the most that a protobuf message can have.");
        }

        return File.ReadAllBytes(path);
    }

    private static ModelProto Parse(string path, byte[] content)
    {
        try
        {
            return ModelProto.Parser.ParseFrom(content);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxModelException(path, "the file is truncated or not an ONNX model; export or download it again.", innerException: e);
        }
    }
}
