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
/// inputs are multiples of 1/64, whose sums are exact in any order, so that ranges are the same on every processor; nothing is trained, and no
/// quantized layer reads what another computed.
/// </summary>
public sealed class ExportBytesTests : TorchTest
{
    [Theory]
    [InlineData("net, float", "d1c78b922d78c7e2aee73d99e2e022b2f1f82e1cdc68c860534168d9a0cd383d")]
    [InlineData("convolution, 8 bits", "a0437030da21a0ff1aaa206721c2c35738fc7ed28e42a861b441858ae2a244ce")]
    [InlineData("convolution, 8 bits, per tensor", "1759331ffcad6928a12f7673977c28eda0960049a660a246a092f92e9555de39")]
    [InlineData("convolution, 4 bits learned", "4c4c400ddc767c6c23436a473e12529df1af6c8de9ade3a314be1b13767c130a")]
    [InlineData("convolution, 4 bits in bytes", "348b0b49ba789ae5f2a5723fbae231e8c8f1b2e9d0c89ab898758e185c43aab9")]
    [InlineData("transposed convolution, 8 bits", "32fadb70c1f30747fe2eff97ead2741e08e459cb61c79f0ea87fe3d9e88146d6")]
    [InlineData("linear, 8 bits", "6065263e61f855ddd091ebcb152e17e68bee92d71676c03dcbeeb7005508eca3")]
    [InlineData("linear, 3 bits learned", "a8a900fb643fa264f2c8220f79669ccb95b584f187fbffd7d200f72b44816787")]
    [InlineData("XNOR", "e57e852df39acd72c4992c1b2cba3654c42312d957394e565bf51e9895ab1824")]
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
