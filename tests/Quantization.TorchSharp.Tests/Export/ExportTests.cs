using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Export;

/// <summary>What ONNX Runtime computes of exported models, beside what the module computes.</summary>
public sealed class ExportTests : TorchTest
{
    [Theory]
    [InlineData(8, 8, FourBitStorage.Packed)]
    [InlineData(4, 8, FourBitStorage.Packed)]
    [InlineData(4, 4, FourBitStorage.Packed)]
    [InlineData(4, 4, FourBitStorage.Bytes)]
    [InlineData(3, 5, FourBitStorage.Packed)]
    [InlineData(2, 2, FourBitStorage.Packed)]
    public void A_trained_net_with_a_residual_block_gives_the_same_in_ONNX_Runtime(
        int weightBits, int activationBits, FourBitStorage storage)
    {
        Module<Tensor, Tensor> net = Sequential(
            Conv2d(1, 16, 3, stride: 2, padding: 1),
            BatchNorm2d(16),
            ReLU(),
            new ResidualBlock(16),
            MaxPool2d(2),
            ConvTranspose2d(16, 16, 2, stride: 2),
            LeakyReLU(0.1),
            Dropout(),
            Flatten(),
            Linear(576, 5));
        QatModel model = QuantizationAwareTraining.Prepare(
            net, new QatOptions { Default = LayerQuantization.Learned(weightBits, activationBits) });
        Tensor input = torch.randn(32, 1, 12, 12);
        Train(model.Module, input, steps: 40);

        (float[] actual, float[] expected) = Both(model.Module, input, new OnnxExportOptions { FourBits = storage });

        // A value that lies on the edge between two codes may fall to the other side when sums run in another order: that moves few
        // results, and by little.
        Spread(actual, expected).Should().BeLessThan(0.1);
        int[] decided = [.. Decided(expected)];
        decided.Should().HaveCountGreaterThan(16);
        decided.Select(Predictions(actual).ElementAt).Should().Equal(decided.Select(Predictions(expected).ElementAt));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Float_models_agree_to_rounding(bool prepared)
    {
        Module<Tensor, Tensor> net = Sequential(
            Conv1d(2, 4, 3, padding: 1, dilation: 1), BatchNorm1d(4), LeakyReLU(0.2), Conv1d(4, 4, 3, stride: 2, groups: 2), ELU(0.5),
            Sigmoid(), Tanh(), ReLU6(), SiLU(), Hardswish(), Linear(7, 6), Flatten(), Linear(24, 3), LogSoftmax(1));
        Tensor input = torch.randn(8, 2, 16);
        Train(net, input);
        if (prepared)
        {
            QatModel model = QuantizationAwareTraining.Prepare(net);
            model.SetEnabled(false);
            net = model.Module;
        }

        (float[] actual, float[] expected) = Both(net, input, new OnnxExportOptions { Quantized = false });

        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-4f);
    }

    [Fact]
    public void Pooling_and_concatenation_agree_to_rounding()
    {
        Module<Tensor, Tensor> net = Sequential(
            Conv2d(1, 3, 3), AvgPool2d(2, stride: 1, padding: 1), new Branches(), AdaptiveAvgPool2d(1), Flatten(), Softmax(1));

        (float[] actual, float[] expected) = Both(net, torch.randn(4, 1, 9, 9), new OnnxExportOptions());

        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void XNOR_layers_agree_to_rounding(bool quantized)
    {
        Module<Tensor, Tensor> net = Sequential(
            new XnorConv2d(Conv2d(2, 8, 3, padding: 1)), BatchNorm2d(8), Flatten(), new XnorLinear(Linear(200, 4)));
        Tensor input = torch.randn(8, 2, 5, 5);
        Train(net, input);

        (float[] actual, float[] expected) = Both(net, input, new OnnxExportOptions { Quantized = quantized });

        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-3f);
    }

    [Fact]
    public void Four_bit_weights_take_half_a_byte_and_others_one()
    {
        long SizeOf(int bits, FourBitStorage storage)
        {
            QatModel model = QuantizationAwareTraining.Prepare(
                Sequential(Linear(256, 64)), new QatOptions { Default = LayerQuantization.EightBits with { WeightBits = bits } });
            model.Module.call(torch.randn(2, 256));
            return OnnxExport.Build(model.Module, [256], new OnnxExportOptions { FourBits = storage }).CalculateSize();
        }

        SizeOf(4, FourBitStorage.Packed).Should().BeInRange(256 * 32, (256 * 32) + 1024);
        SizeOf(4, FourBitStorage.Bytes).Should().BeInRange(256 * 64, (256 * 64) + 1024);
        SizeOf(2, FourBitStorage.Packed).Should().BeInRange(256 * 64, (256 * 64) + 1024);
    }

    [Fact]
    public void What_cannot_be_written_is_named_and_leaves_no_file()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "model.onnx");
            QatModel untrained = QuantizationAwareTraining.Prepare(Sequential(Linear(2, 2)));

            Action unknown = () => Sequential(("head", Sequential(("odd", GLU(1))))).ExportOnnx([4], path);
            Action noRange = () => untrained.ExportOnnx([2], path);

            unknown.Should()
                .Throw<NotSupportedException>().WithMessage("head.odd (GLU) has no known ONNX form; implement IOnnxExportable*");
            noRange.Should().Throw<InvalidOperationException>().WithMessage("0.input_quantizer has no range yet*");
            Directory.EnumerateFileSystemEntries(folder).Should().BeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Train(Module<Tensor, Tensor> net, Tensor input, int steps = 8)
    {
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(net.parameters(), 0.01);
        Tensor target = torch.randint(3, [input.shape[0]]);
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            functional.cross_entropy(net.call(input), target).backward();
            optimizer.step();
        }
    }

    /// <summary>The root of the mean squared difference over that of the expected values.</summary>
    private static double Spread(float[] actual, float[] expected) =>
        Math.Sqrt(actual.Zip(expected, (a, b) => (double)(a - b) * (a - b)).Sum() / expected.Sum(value => (double)value * value));

    /// <summary>
    /// The samples whose two largest logits lie further apart than a quarter of the logits' root mean square: no near-tie, which any
    /// rounding may break the other way.
    /// </summary>
    private static IEnumerable<int> Decided(float[] logits)
    {
        double size = Math.Sqrt(logits.Average(value => (double)value * value));
        return logits.Chunk(5)
            .Index()
            .Where(each => each.Item.OrderDescending().ToArray() is [float first, float second, ..] && first - second > size / 4)
            .Select(each => each.Index);
    }

    private static IEnumerable<int> Predictions(float[] logits) => logits.Chunk(5).Select(each => Array.IndexOf(each, each.Max()));

    private sealed class ResidualBlock : Module<Tensor, Tensor>, IOnnxExportable
    {
        private readonly Module<Tensor, Tensor> conv1;
        private readonly Module<Tensor, Tensor> conv2;

        public ResidualBlock(int channels)
            : base(nameof(ResidualBlock))
        {
            conv1 = Conv2d(channels, channels, 3, padding: 1);
            conv2 = Conv2d(channels, channels, 3, padding: 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => functional.relu(input + conv2.call(functional.relu(conv1.call(input))));

        public OnnxValue ExportOnnx(OnnxGraph graph, OnnxValue input)
        {
            OnnxValue inner = graph.Relu(graph.Call(conv1, input));
            return graph.Relu(graph.Add(input, graph.Call(conv2, inner)));
        }
    }

    private sealed class Branches() : Module<Tensor, Tensor>(nameof(Branches)), IOnnxExportable
    {
        public override Tensor forward(Tensor input) => torch.cat([input, input * 2, input.abs()], 1);

        public OnnxValue ExportOnnx(OnnxGraph graph, OnnxValue input) =>
            graph.Concat(1, input, graph.Multiply(input, graph.Constant([2f])), graph.Operator("Abs", [input]));
    }
}
