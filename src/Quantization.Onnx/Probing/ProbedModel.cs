using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Does with a model in a child process what inspection, latency and scoring do with it.</summary>
internal static class ProbedModel
{
    /// <summary>Optimizes the model as inspection does, then opens it as scoring does and runs a sample, if there is one.</summary>
    public static void Run(string modelPath, string sampleFolder, Func<SessionOptions>? optionsFactory)
    {
        ModelProto model = ModelFile.Load(modelPath).Model;
        OptimizedGraph.Of(modelPath, model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, optionsFactory);
        using InferenceSession session = ModelSession.Open(modelPath, model, optionsFactory);
        if (!SampleFile.OnnxInputs(sampleFolder).Any())
        {
            return;
        }

        ModelSample sample = new(sampleFolder, SampleFile.ReadOnnx(sampleFolder));
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        using RunOptions run = new();
        session.Run(run, bound.Inputs, session.OutputNames).Dispose();
    }
}
