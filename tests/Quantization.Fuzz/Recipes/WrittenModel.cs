using Microsoft.ML.OnnxRuntime;
using Quantization.Fuzz.Campaigns;

namespace Quantization.Fuzz.Recipes;

/// <summary>A model that the library wrote.</summary>
internal static class WrittenModel
{
    /// <summary>Opens it.</summary>
    /// <exception cref="FindingException">ONNX Runtime refuses it.</exception>
    public static InferenceSession Load(string path)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        try
        {
            return new InferenceSession(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new FindingException($"ONNX Runtime refuses what was written: {e.Message}");
        }
    }
}
