using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>Runs small models once.</summary>
internal static class ModelRun
{
    /// <summary>
    /// The float outputs of a model with one float input, in their order. No optimization touches the model, so that what runs is what it
    /// says.
    /// </summary>
    public static float[][] Floats(ModelProto model, float[] input, params long[] shape)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using InferenceSession session = new(model.ToByteArray(), options);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(input, shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, new Dictionary<string, OrtValue> { [session.InputNames[0]] = value }, session.OutputNames);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }
}
