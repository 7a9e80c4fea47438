using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a model.</summary>
internal static class OptimizedGraph
{
    private const string Optimized = "optimized.onnx";

    /// <summary>Lets ONNX Runtime optimize a model and reads the result, by way of a temporary folder.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="level">How far to optimize.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="largestInMemory">
    /// A larger model goes by way of files, and the tensors that ONNX Runtime leaves as they are come back as the argument's own bytes.
    /// </param>
    /// <param name="writesTensors">Whether ONNX Runtime writes all tensors of a large model; null where it does if it has to.</param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="IOException">The temporary folder has no room for the result.</exception>
    public static ModelProto Of(
        string modelPath,
        ModelProto model,
        GraphOptimizationLevel level,
        Func<SessionOptions>? optionsFactory,
        long largestInMemory = ModelStore.LargestInMemory,
        bool? writesTensors = null)
    {
        long size = ModelStore.SizeOf(model);
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        SplitModel? split = size <= largestInMemory ? null : ModelSession.Split(modelPath, model, folder);
        try
        {
            if (split is null)
            {
                ModelSession.Open(modelPath, model, optionsFactory, Save, largestInMemory).Dispose();
                return ModelFile.ReadMade(modelPath, folder[Optimized]);
            }

            try
            {
                return OfSplit(modelPath, model, split, folder, level, optionsFactory, writesTensors ?? false);
            }
            catch (OnnxModelException) when (writesTensors is null && size > ModelStore.LargestMessage)
            {
                // The tensors that ONNX Runtime changed may be more than one message can hold.
                return OfSplit(modelPath, model, split, folder, level, optionsFactory, writesTensors: true);
            }
        }
        catch (Exception e) when (e is OnnxModelException or IOException && !HasRoom(folder, size))
        {
            // ONNX Runtime says of a full disk that it cannot use the model, or nothing at all.
            throw OwnedFolder.CannotUseTemporaryPath($"there is no room for ONNX Runtime to write what it makes of {modelPath}", e);
        }

        void Save(SessionOptions options) => OptimizedGraph.Save(options, folder, level);
    }

    private static ModelProto OfSplit(
        string modelPath,
        ModelProto model,
        SplitModel split,
        OwnedFolder folder,
        GraphOptimizationLevel level,
        Func<SessionOptions>? optionsFactory,
        bool writesTensors)
    {
        ModelSession.Open(modelPath, model, split.Path, optionsFactory, options =>
        {
            Save(options, folder, level);

            // Kernels would rearrange the weights for runs that there are not.
            options.AddSessionConfigEntry("session.disable_prepacking", "1");
            if (writesTensors)
            {
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", "optimized.data");
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024");
            }
        }).Dispose();
        ModelProto optimized = ModelFile.ReadMade(modelPath, folder[Optimized]);
        split.BringBack(optimized);
        _ = ExternalData.Load(folder[Optimized], optimized);
        return optimized;
    }

    private static void Save(SessionOptions options, OwnedFolder folder, GraphOptimizationLevel level)
    {
        options.GraphOptimizationLevel = level;
        options.OptimizedModelFilePath = folder[Optimized];
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
