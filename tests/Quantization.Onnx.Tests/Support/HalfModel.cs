using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>Models of 16-bit floats, made from those of 32 bits.</summary>
internal static class HalfModel
{
    private const int Half = (int)TensorProto.Types.DataType.Float16;

    /// <summary>Turns everything in a model into 16-bit floats: weights, inputs and outputs.</summary>
    public static ModelBuilder ToHalf(this ModelBuilder model)
    {
        foreach (TensorProto tensor in model.Model.AllTensors().Where(tensor => tensor.IsFloat()))
        {
            Narrow(tensor);
        }

        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output))
        {
            value.Type.TensorType.ElemType = Half;
        }

        return model;
    }

    /// <summary>Turns a tensor into one of 16-bit floats.</summary>
    public static void Narrow(TensorProto tensor)
    {
        Half[] values = [.. tensor.ReadFloats().Select(value => (Half)value)];
        tensor.DataType = Half;
        tensor.RawData = TensorData.Make<Half>(TensorProto.Types.DataType.Float16, values).RawData;
    }

    /// <summary>A Cast from or to 16-bit floats.</summary>
    public static ModelBuilder Cast(this ModelBuilder model, string from, string to, TensorProto.Types.DataType type) =>
        model.Node("Cast", [from], to, ModelBuilder.Int("to", (long)type));

    /// <summary>
    /// The first output of a model whose first input and output may be of either width, for an input of values that both can hold.
    /// </summary>
    public static float[] Run(string path, float[] input, params long[] shape)
    {
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(path, options);
        bool isHalf = session.InputMetadata.First().Value.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16;
        using OrtValue value = isHalf
            ? OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(input, each => (Float16)each), shape)
            : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(input, each => (float)(Half)each), shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, new Dictionary<string, OrtValue> { [session.InputNames[0]] = value }, [session.OutputNames[0]]);
        return outputs[0].GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16
            ? Array.ConvertAll(outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), each => each.ToFloat())
            : outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
