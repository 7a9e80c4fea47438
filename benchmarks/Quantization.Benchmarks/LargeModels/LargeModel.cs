using System.Runtime.InteropServices;
using Google.Protobuf;
using Quantization.Benchmarks.Calibration;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Benchmarks.LargeModels;

/// <summary>A chain of MatMuls with square weights: a model that consists of its weights.</summary>
/// <param name="Layers">The number of MatMuls.</param>
/// <param name="Width">Rows and columns of each weight.</param>
internal sealed record LargeModel(int Layers, int Width)
{
    private const int Samples = 4;

    /// <summary>The model of the documentation: eight MatMuls, 537 MB.</summary>
    public static LargeModel Documented { get; } = new(8, 4096);

    /// <summary>Writes the model with its weights in its own file.</summary>
    public void SaveInline(string path) => Write(path, Make());

    /// <summary>Writes the model with its weights in a file beside it.</summary>
    public void SaveExternal(string path)
    {
        using FileStream data = File.Create(path + ".data");
        Write(path, ModelStore.MoveTensors(Make(), Path.GetFileName(data.Name), data));
    }

    /// <summary>Writes four samples into a folder.</summary>
    public void SaveSamples(string folder)
    {
        Random random = new(1);
        StoredSamples.Write(Enumerable.Range(0, Samples).Select(_ => new ModelSample("sample", MakeInput())), folder);

        SampleTensor MakeInput() => SampleTensor.Create<float>("x", [.. Enumerable.Range(0, Width).Select(_ => Draw(random))], 1, Width);
    }

    private ModelProto Make()
    {
        GraphProto graph = new() { Name = "large", Input = { ValueOf("x") }, Output = { ValueOf("y") } };
        for (int i = 0; i < Layers; i++)
        {
            string input = i == 0 ? "x" : $"y{i}", output = i == Layers - 1 ? "y" : $"y{i + 1}";
            graph.Node.Add(new NodeProto { Name = $"matmul{i}", OpType = "MatMul", Input = { input, $"w{i}" }, Output = { output } });
            graph.Initializer.Add(MakeWeight($"w{i}", i));
        }

        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = graph };
    }

    private TensorProto MakeWeight(string name, int seed)
    {
        Random random = new(seed);
        byte[] data = new byte[Width * Width * sizeof(float)];
        float scale = 1 / MathF.Sqrt(Width);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(data.AsSpan()))
        {
            value = Draw(random) * scale;
        }

        return new TensorProto
        {
            Name = name,
            DataType = (int)TensorProto.Types.DataType.Float,
            Dims = { Width, Width },
            RawData = UnsafeByteOperations.UnsafeWrap(data),
        };
    }

    /// <summary>A number of mean 0 and variance 1.</summary>
    private static float Draw(Random random) => (random.NextSingle() - 0.5f) * MathF.Sqrt(12);

    private ValueInfoProto ValueOf(string name) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)TensorProto.Types.DataType.Float,
                Shape = new TensorShapeProto { Dim = { LengthOf(1), LengthOf(Width) } },
            },
        },
    };

    private static TensorShapeProto.Types.Dimension LengthOf(long value) => new() { DimValue = value };

    private static void Write(string path, ModelProto model)
    {
        using FileStream file = File.Create(path);
        model.WriteTo(file);
    }
}
