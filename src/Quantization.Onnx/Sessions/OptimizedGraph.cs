using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a model.</summary>
internal static class OptimizedGraph
{
    /// <summary>Lets ONNX Runtime optimize a model and reads the result, by way of a temporary folder.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="IOException">The temporary folder has no room for the result.</exception>
    public static ModelProto Of(
        string modelPath, ModelProto model, GraphOptimizationLevel level, Func<SessionOptions>? optionsFactory, long largestInMemory = ModelStore.LargestInMemory)
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        string optimized = folder["optimized.onnx"];
        bool isLarge = ModelStore.SizeOf(model) > largestInMemory;
        try
        {
            ModelSession.Open(modelPath, model, optionsFactory, Configure, largestInMemory).Dispose();
            return Read(modelPath, optimized);
        }
        catch (Exception e) when (e is OnnxModelException or IOException && !HasRoom(folder, ModelStore.SizeOf(model)))
        {
            // ONNX Runtime says of a full disk that it cannot use the model, or nothing at all.
            throw OwnedFolder.CannotUseTemporaryPath($"there is no room for ONNX Runtime to write what it makes of {modelPath}", e);
        }

        void Configure(SessionOptions options)
        {
            options.GraphOptimizationLevel = level;
            options.OptimizedModelFilePath = optimized;
            if (isLarge)
            {
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", "optimized.data");
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024");
            }
        }
    }

    private static ModelProto Read(string modelPath, string path)
    {
        using FileContent content = FileContent.Read(path);
        ModelProto model = ModelFile.Parse(modelPath, content.Bytes);
        ExternalData.Load(path, model, hash: null);
        return model;
    }

    /// <summary>Whether the folder takes so many bytes more.</summary>
    private static bool HasRoom(OwnedFolder folder, long bytes)
    {
        try
        {
            using FileStream probe = File.Create(folder["probe"], 1, FileOptions.DeleteOnClose);
            byte[] block = new byte[1 << 16];
            for (long written = 0; written < bytes; written += block.Length)
            {
                probe.Write(block);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // .NET says the latter of a file beyond the largest that the process may write.
            return false;
        }
    }
}
