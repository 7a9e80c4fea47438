using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>
/// One layer of a decoder as ONNX Runtime GenAI's builder writes it: GroupQueryAttention with a cache of keys and values.
/// </summary>
internal static class GroupQueryModel
{
    private const int Words = 128, Width = 64, Heads = 4, CacheHeads = 2, HeadSize = Width / Heads, CacheWidth = CacheHeads * HeadSize,
        MostTokens = 16;

    /// <summary>The model in 32-bit floats.</summary>
    public static ModelProto Make()
    {
        ModelBuilder model = new ModelBuilder(14)
            .Input("ids", 1, -1).Input("lengths", 1).Input("total").Input("past.key", 1, CacheHeads, 0, HeadSize)
                .Input("past.value", 1, CacheHeads, 0, HeadSize)
            .Constant("table", RandomTensors.Normal(1, Words * Width), Words, Width)
            .Constant("wq", Weights(2, Width * Width), Width, Width).Constant("wk", Weights(3, Width * CacheWidth), Width, CacheWidth)
            .Constant("wv", Weights(4, Width * CacheWidth), Width, CacheWidth).Constant("wo", Weights(5, Width * Width), Width, Width)
                .Constant("head", Weights(6, Width * Words), Width, Words)
            .Constant("cos", Angles(Math.Cos), MostTokens, HeadSize / 2).Constant("sin", Angles(Math.Sin), MostTokens, HeadSize / 2)
            .Node("Gather", ["table", "ids"], "x").Node("MatMul", ["x", "wq"], "q").Node("MatMul", ["x", "wk"], "k")
                .Node("MatMul", ["x", "wv"], "v")
            .Node("GroupQueryAttention", ["q", "k", "v", "past.key", "past.value", "lengths", "total", "cos", "sin"], "a",
                ModelBuilder.Int("num_heads", Heads), ModelBuilder.Int("kv_num_heads", CacheHeads), ModelBuilder.Int("do_rotary", 1))
            .Node("MatMul", ["a", "wo"], "o").Node("MatMul", ["o", "head"], "logits")
            .Output("logits", 1, -1, Words).Output("present.key", 1, CacheHeads, -1, HeadSize)
                .Output("present.value", 1, CacheHeads, -1, HeadSize);
        NodeProto attention = model.Graph.Node.Single(node => node.OpType == "GroupQueryAttention");
        attention.Domain = "com.microsoft";
        attention.Output.Add(["present.key", "present.value"]);
        model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        model.Graph.Input[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int64;
        model.Graph.Input[1].Type.TensorType.ElemType =
            model.Graph.Input[2].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Int32;
        return model.Model;
    }

    /// <summary>Gives the model 16-bit floats throughout.</summary>
    public static void ToHalf(ModelProto model)
    {
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            TensorProto half = HalfTensor.Make(tensor, HalfFormat.Float16);
            tensor.DataType = half.DataType;
            tensor.RawData = half.RawData;
        }

        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output)
            .Where(value => value.Type.TensorType.ElemType == (int)TensorProto.Types.DataType.Float))
        {
            value.Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Float16;
        }
    }

    /// <summary>The logits for some tokens.</summary>
    public static float[] Run(ModelProto model, long[] ids)
    {
        using InferenceSession session = new(model.ToByteArray());
        using RunOptions run = new();
        bool isHalf = session.OutputMetadata["logits"].ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16;
        long[] empty = [1, CacheHeads, 0, HeadSize];
        Dictionary<string, OrtValue> inputs = new()
        {
            ["ids"] = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]),
            ["lengths"] = OrtValue.CreateTensorValueFromMemory<int>([ids.Length - 1], [1]),
            ["total"] = OrtValue.CreateTensorValueFromMemory<int>([ids.Length], []),
            ["past.key"] = isHalf ? OrtValue.CreateTensorValueFromMemory<Float16>([], empty)
                : OrtValue.CreateTensorValueFromMemory<float>([], empty),
            ["past.value"] = isHalf ? OrtValue.CreateTensorValueFromMemory<Float16>([], empty)
                : OrtValue.CreateTensorValueFromMemory<float>([], empty),
        };
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, ["logits"]);
        return isHalf ? [.. outputs[0].GetTensorDataAsSpan<Float16>().ToArray().Select(value => (float)value)]
            : outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Weights(int seed, int count) => RandomTensors.Normal(seed, count, 1 / Math.Sqrt(Width));

    private static float[] Angles(Func<double, double> part) =>
        [.. Enumerable.Range(0, MostTokens * HeadSize / 2)
            .Select(i => (float)part(i / (HeadSize / 2) * Math.Pow(10000, -2.0 * (i % (HeadSize / 2)) / HeadSize)))];
}
