using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Tensors that a model keeps in files beside its own, as the ONNX IR specification's "external tensor data" says.</summary>
internal static class ExternalData
{
    /// <summary>Brings them into memory, and their bytes into the hash if there is one.</summary>
    /// <returns>How many bytes there were.</returns>
    /// <exception cref="OnnxModelException">A file is missing, too short or outside of the model's folder, or a tensor's place in it makes no sense.</exception>
    public static long Load(string modelPath, ModelProto model, IncrementalHash? hash)
    {
        long bytes = 0;
        foreach (TensorProto tensor in model.AllTensors())
        {
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            {
                byte[] data = Read(modelPath, tensor);
                hash?.AppendData(data);
                bytes += data.Length;
                tensor.RawData = UnsafeByteOperations.UnsafeWrap(data);
                tensor.ExternalData.Clear();
                tensor.ClearDataLocation();
            }
        }

        return bytes;
    }

    /// <summary>Says of a tensor that its bytes lie in another file, in place of the bytes.</summary>
    public static void Refer(TensorProto tensor, string location, long offset)
    {
        long length = tensor.RawData.Length;
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add([
            new StringStringEntryProto { Key = "location", Value = location },
            new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) },
            new StringStringEntryProto { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) },
        ]);
    }

    private static byte[] Read(string modelPath, TensorProto tensor)
    {
        string path = Locate(modelPath, tensor);
        long offset = GetNumber(modelPath, tensor, "offset") ?? 0;
        try
        {
            using FileStream stream = File.OpenRead(path);
            long length = GetNumber(modelPath, tensor, "length") ?? stream.Length - offset;
            if (offset > stream.Length || length > stream.Length - offset)
            {
                throw Refuse(modelPath, tensor, string.Create(CultureInfo.InvariantCulture, $"should be {length} bytes from {offset} on in {path}, which has only {stream.Length}; the file is truncated, download it again"));
            }

            if (length > Array.MaxLength)
            {
                throw Refuse(modelPath, tensor, string.Create(CultureInfo.InvariantCulture, $"has {length} bytes, and {Array.MaxLength} is the most that one tensor can have here; split it"));
            }

            byte[] data = new byte[length];
            stream.Position = offset;
            stream.ReadExactly(data);
            return data;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refuse(modelPath, tensor, $"cannot be read: {e.Message.TrimEnd('.')}; put the file beside the model", e);
        }
    }

    /// <summary>The tensor's file. A model that names a file elsewhere could make whoever quantizes it hand out what is not the model's.</summary>
    private static string Locate(string modelPath, TensorProto tensor)
    {
        string location = tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value ?? "";
        if (location.Length == 0)
        {
            throw Refuse(modelPath, tensor, "is said to lie in another file, but not in which; export the model again");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
        string path = Path.GetFullPath(Path.Combine(folder, location));
        string target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        if (Path.IsPathRooted(location) || !IsInside(folder, path) || !IsInside(folder, target))
        {
            throw Refuse(modelPath, tensor, $"is said to lie in '{location}', outside of the model's folder, which is not allowed; put the file beside the model and name it so");
        }

        return path;
    }

    private static bool IsInside(string folder, string path) => path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static long? GetNumber(string modelPath, TensorProto tensor, string key)
    {
        string? text = tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;
        return text is null ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
            : throw Refuse(modelPath, tensor, $"has '{text}' as the {key} of its bytes in another file, which is no number of bytes; export the model again");
    }

    private static OnnxModelException Refuse(string modelPath, TensorProto tensor, string problem, Exception? cause = null) =>
        new(modelPath, $"tensor '{tensor.Name}' {problem}.", innerException: cause);
}
