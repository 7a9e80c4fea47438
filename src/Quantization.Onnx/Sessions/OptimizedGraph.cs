using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What ONNX Runtime makes of a model.</summary>
internal static class OptimizedGraph
{
    /// <summary>Lets ONNX Runtime optimize a model and reads the result, by way of a temporary folder.</summary>
    public static ModelProto Of(string modelPath, ModelProto model, GraphOptimizationLevel level, Func<SessionOptions>? optionsFactory)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-");
        try
        {
            string optimized = Path.Combine(folder.FullName, "optimized.onnx");
            ModelSession.Open(modelPath, model, model.ToByteArray(), optionsFactory, options =>
            {
                options.GraphOptimizationLevel = level;
                options.OptimizedModelFilePath = optimized;
            }).Dispose();
            return ModelProto.Parser.ParseFrom(File.ReadAllBytes(optimized));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
