using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Quantization.Benchmarks.Calibration;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Benchmarks.LargeModels;

/// <summary>
/// A chain of MatMuls with square weights over any number of rows, like the layers of a language model. It is written layer by layer, so it
/// may be larger than memory.
/// </summary>
/// <param name="Layers">The number of MatMuls.</param>
/// <param name="Width">Rows and columns of each weight.</param>
internal sealed record ChainModel(int Layers, int Width)
{
    private int WeightBytes => Width * Width * sizeof(float);

    /// <summary>Writes the model with its weights in its own file: below 2 GB.</summary>
    public void SaveInline(string path)
    {
        ModelProto model = Make();
        for (int i = 0; i < Layers; i++)
        {
            model.Graph.Initializer.Add(MakeTensor(i, UnsafeByteOperations.UnsafeWrap(MakeWeights(i))));
        }

        Write(path, model);
    }

    /// <summary>Writes the model with its weights in a file beside it.</summary>
    public void SaveExternal(string path)
    {
        ModelProto model = Make();
        using FileStream data = File.Create(path + ".data");
        for (int i = 0; i < Layers; i++)
        {
            TensorProto tensor = MakeTensor(i, UnsafeByteOperations.UnsafeWrap(new byte[] { 0 }));
            long offset = data.Position;
            data.Write(MakeWeights(i));
            ExternalData.Refer(tensor, Path.GetFileName(data.Name), offset);
            tensor.ExternalData.Single(entry => entry.Key == "length").Value = WeightBytes.ToString(CultureInfo.InvariantCulture);
            model.Graph.Initializer.Add(tensor);
        }

        Write(path, model);
    }

    /// <summary>Writes samples into a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="count">The number of samples.</param>
    /// <param name="rows">The rows of each.</param>
    public void SaveSamples(string folder, int count, int rows)
    {
        Random random = new(1);
        StoredSamples.Write(
            Enumerable.Range(0, count).Select(_ => new ModelSample(
                "sample", SampleTensor.Create<float>("x", [.. Enumerable.Range(0, rows * Width).Select(_ => Draw(random))], rows, Width))),
            folder);
    }

    private ModelProto Make()
    {
        GraphProto graph = new() { Name = "chain", Input = { ValueOf("x") }, Output = { ValueOf("y") } };
        for (int i = 0; i < Layers; i++)
        {
            string input = i == 0 ? "x" : $"y{i}", output = i == Layers - 1 ? "y" : $"y{i + 1}";
            graph.Node.Add(new NodeProto { Name = $"matmul{i}", OpType = "MatMul", Input = { input, $"w{i}" }, Output = { output } });
        }

        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = graph };
    }

    private TensorProto MakeTensor(int layer, ByteString data) => new()
    {
        Name = $"w{layer}",
        DataType = (int)TensorProto.Types.DataType.Float,
        Dims = { Width, Width },
        RawData = data,
    };

    private byte[] MakeWeights(int layer)
    {
        Random random = new(layer);
        byte[] data = new byte[WeightBytes];
        float scale = 1 / MathF.Sqrt(Width);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(data.AsSpan()))
        {
            value = Draw(random) * scale;
        }

        return data;
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
                Shape = new TensorShapeProto
                {
                    Dim =
                {
                    new TensorShapeProto.Types.Dimension { DimParam = "rows" },
                    new TensorShapeProto.Types.Dimension { DimValue = Width }
                },
                },
            },
        },
    };

    private static void Write(string path, ModelProto model)
    {
        using FileStream file = File.Create(path);
        model.WriteTo(file);
    }
}
