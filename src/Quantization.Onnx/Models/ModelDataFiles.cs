using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The files beside a model's own that hold its tensors.</summary>
internal static class ModelDataFiles
{
    /// <summary>The paths that the model names, whether or not there are such files. A file that is no model names none.</summary>
    public static IReadOnlyCollection<string> Find(string modelPath)
    {
        try
        {
            RegularFile.ThrowUnlessRegular(modelPath);
            ModelProto model = ModelMessage.Read(modelPath).Model;
            if (model.Graph is null)
            {
                return [];
            }

            string folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
            return
            [
                .. model.AllTensors()
                    .Select(tensor => tensor.ExternalData.FirstOrDefault(entry => entry.Key == "location")?.Value)
                    .OfType<string>()
                    .Distinct()
                    .Where(location => !location.Contains('\0', StringComparison.Ordinal))
                    .Select(location => Path.Combine(folder, location)),
            ];
        }
        catch (Exception e) when (
            e is InvalidProtocolBufferException or IOException or UnauthorizedAccessException or OverflowException or OnnxModelException)
        {
            return [];
        }
    }
}
