using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Export;

/// <summary>
/// Exported files, byte for byte as they were when these hashes were taken, but for the version of the library that they name. Weights and
/// inputs are multiples of 1/64, whose sums are exact in any order, so that ranges are the same on every processor; nothing is trained, and
/// no quantized layer reads what another computed.
/// </summary>
public sealed class ExportBytesTests : TorchTest
{
    [Theory]
    [InlineData("net, float", "d1c78b922d78c7e2aee73d99e2e022b2f1f82e1cdc68c860534168d9a0cd383d")]
    [InlineData("convolution, 8 bits", "df5268d097c316c9b2bf2016b6affec0551bdfc1fe11861c17ffc95c54cf3421")]
    [InlineData("convolution, 8 bits, per tensor", "eebefe3b49e96bf77550dfd88aedb85fd33a47be61f62f8be78c4570f0351da5")]
    [InlineData("convolution, 4 bits learned", "b91db0efe49ffe651bb5a5fee52a854314638bbc98f7f037caea5b3fee7d4b2a")]
    [InlineData("convolution, 4 bits in bytes", "94ec760664fb234fd140bbe8586ac4eb2e76346fc885952d20d6dad7f29bfeb0")]
    [InlineData("transposed convolution, 8 bits", "b13529143c58c90885d64f3ea3ee62a14028ca443d07ad8024f02fdb2ba468f2")]
    [InlineData("linear, 8 bits", "1c1b74971f87998d876550007ea54b4f918c2c9d7140b4040cdbf77451b1aeb3")]
    [InlineData("linear, 3 bits learned", "027b526674573b1f74039f58e65874b983979c0b7c00f2dc51a746a125572328")]
    [InlineData("XNOR", "6c88904a8bdbf9c6549427bc2671c6d60178d5597c7de04f7e0e0e9f86a25ab9")]
    public void The_file_has_the_bytes_that_it_had(string name, string sha256)
    {
        LayerQuantization layers = name.Contains("learned", StringComparison.Ordinal)
            ? LayerQuantization.Learned(name[^14] - '0', name[^14] - '0')
            : new LayerQuantization
            {
                WeightBits = name.Contains("4 bits", StringComparison.Ordinal) ? 4 : 8,
                ActivationBits = name.Contains("4 bits", StringComparison.Ordinal) ? 4 : 8,
                WeightGranularity = name.Contains("per tensor", StringComparison.Ordinal)
                    ? GranularityKind.PerTensor
                    : GranularityKind.PerChannel,
            };
        OnnxExportOptions options = new()
        {
            Quantized = !name.Contains("float", StringComparison.Ordinal),
            FourBits = name.Contains("in bytes", StringComparison.Ordinal) ? FourBitStorage.Bytes : FourBitStorage.Packed,
        };
        (Module<Tensor, Tensor> net, long[] shape) = Make(name.Split(',')[0]);
        Fill(net);
        Tensor input = Grid(0, [2, .. shape]);
        if (options.Quantized)
        {
            net = QuantizationAwareTraining.Prepare(net, new QatOptions { Default = layers }).Module;
            net.train();
            net.call(input);
        }

        net.eval();
        string path = Path.GetTempFileName();
        try
        {
            net.ExportOnnx(shape, path, options);
            ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            model.ProducerVersion = ""; // changes with each release
            Convert.ToHexStringLower(SHA256.HashData(model.ToByteArray())).Should().Be(sha256);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (Module<Tensor, Tensor> Net, long[] Shape) Make(string name) => name switch
    {
        "net" => (
            Sequential(
                Conv2d(2, 4, 3, padding: 1), BatchNorm2d(4), ReLU(), MaxPool2d(2), ConvTranspose2d(4, 3, 2, stride: 2), LeakyReLU(0.25),
                Flatten(), Linear(192, 3), Softmax(1)),
            [2, 8, 8]),
        "convolution" => (Sequential(Conv2d(2, 4, 3, stride: 2, padding: 1), ReLU()), [2, 8, 8]),
        "transposed convolution" => (Sequential(ConvTranspose2d(2, 3, 2, stride: 2)), [2, 4, 4]),
        "linear" => (Sequential(Flatten(), Linear(16, 5)), [4, 4]),
        _ => (Sequential(new XnorConv2d(Conv2d(2, 4, 3, padding: 1))), [2, 4, 4]),
    };

    /// <summary>Gives the parameters values of the grid; the statistics of BatchNorm stay 0 and 1.</summary>
    private static void Fill(Module<Tensor, Tensor> net)
    {
        using IDisposable noGradient = torch.no_grad();
        foreach ((int i, (string _, global::TorchSharp.Modules.Parameter parameter)) in net.named_parameters().Index())
        {
            parameter.copy_(Grid(i + 1, parameter.shape));
        }
    }

    /// <summary>Multiples of 1/64 between −1 and 1.</summary>
    private static Tensor Grid(int seed, long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return torch.tensor([.. Enumerable.Range(0, count).Select(k => ((((k + (7 * seed)) * 37) % 127) - 63) / 64f)], shape);
    }
}
