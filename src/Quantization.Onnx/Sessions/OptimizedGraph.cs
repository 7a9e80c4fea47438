using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a model.</summary>
internal static class OptimizedGraph
{
    /// <summary>Lets ONNX Runtime optimize a model and reads the result, by way of a temporary folder.</summary>
    public static ModelProto Of(
        string modelPath, ModelProto model, GraphOptimizationLevel level, Func<SessionOptions>? optionsFactory, long largestInMemory = ModelStore.LargestInMemory)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-");
        try
        {
            string optimized = Path.Combine(folder.FullName, "optimized.onnx");
            bool isLarge = ModelStore.SizeOf(model) > largestInMemory;
            ModelSession.Open(modelPath, model, optionsFactory, Configure, largestInMemory).Dispose();
            using FileContent content = FileContent.Read(optimized);
            ModelProto result = ModelFile.Parse(modelPath, content.Bytes);
            ExternalData.Load(optimized, result, hash: null);
            return result;

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
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
