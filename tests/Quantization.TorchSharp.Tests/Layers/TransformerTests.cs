using Microsoft.ML.OnnxRuntime;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Layers;

/// <summary>Transformers: tables, attention, normalization, weights in blocks.</summary>
public sealed class TransformerTests : TorchTest
{
    private const int Words = 50, Tokens = 12, Features = 32, Classes = 4;

    [Theory]
    [InlineData("8 bits")]
    [InlineData("4-bit weights, 8-bit activations")]
    [InlineData("4-bit weights in blocks")]
    [InlineData("8-bit weights in blocks")]
    [InlineData("4-bit weights in blocks, learned")]
    [InlineData("float")]
    public void A_trained_transformer_gives_the_same_in_ONNX_Runtime(string kind)
    {
        LayerQuantization quantization = kind switch
        {
            "4-bit weights, 8-bit activations" => LayerQuantization.Learned(4, 8),
            "4-bit weights in blocks" => LayerQuantization.WeightOnly(),
            "8-bit weights in blocks" => LayerQuantization.WeightOnly(8, 16),
            "4-bit weights in blocks, learned" => LayerQuantization.WeightOnly() with { WeightRange = RangeMode.Learned },
            _ => LayerQuantization.EightBits,
        };
        QatModel model = QuantizationAwareTraining.Prepare(new Transformer(isCausal: false), new QatOptions { Default = quantization });
        model.SetEnabled(kind != "float");
        double first = Train(model.Module, 1), last = Train(model.Module, 60);
        last.Should().BeLessThan(first / 2);

        Tensor tokens = torch.randint(0, Words, [64, Tokens]);
        (float[] actual, float[] expected) = Both(model.Module, tokens);

        int[] Predict(float[] logits) => [.. logits.Chunk(Classes).Select(each => Array.IndexOf(each, each.Max()))];
        Predict(actual).Zip(Predict(expected), (a, b) => a == b).Count(same => same).Should().BeGreaterThanOrEqualTo(63);
        if (kind == "float")
        {
            actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-4f);
        }

        model.Layers.Select(layer => layer.ToString()).Should()
            .Contain("table Embedding: 8-bit rows").And.NotContain(line => line.Contains("left in float"));
    }

    [Fact]
    public void Weights_in_blocks_run_as_MatMulNBits_and_take_half_a_byte()
    {
        QatModel model = QuantizationAwareTraining.Prepare(
            Sequential(Linear(256, 128), ReLU(), Linear(128, 64)), new QatOptions { Default = LayerQuantization.WeightOnly() });
        model.Module.call(torch.randn(2, 256));
        string path = Path.GetTempFileName(), optimized = Path.GetTempFileName();
        try
        {
            model.Module.eval();
            model.ExportOnnx([256], path);
            using SessionOptions options =
                new() { OptimizedModelFilePath = optimized, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            using InferenceSession session = new(path, options);

            Quantization.Onnx.Protos.ModelProto.Parser.ParseFrom(File.ReadAllBytes(optimized))
                .Graph.Node.Select(node => node.OpType).Should().Equal("MatMulNBits", "Relu", "MatMulNBits");
            new FileInfo(path).Length.Should().BeLessThan((long)(((256 * 128) + (128 * 64)) * 0.75));
        }
        finally
        {
            File.Delete(path);
            File.Delete(optimized);
        }
    }

    [Theory]
    [InlineData(RangeMode.Observed)]
    [InlineData(RangeMode.Learned)]
    public void Blocks_are_fake_quantized_as_the_core_does_it(RangeMode range)
    {
        FakeQuantizeOptions options = new() { Format = CodeFormat.Signed(4), Scheme =
            QuantizationScheme.Symmetric, Granularity = Granularity.PerBlock(1, 16), Range = range, Momentum = 1 };
        FakeQuantize kernels = new(options, 3 * 4), composed = new(options, 3 * 4) { IsComposed = true };
        Tensor weights = torch.randn(3, 64);

        float[] expected = Values(kernels.call(weights)), actual = Values(composed.call(weights));

        actual.Should().Equal(expected);
        float[] slow = Values(weights);
        UniformQuantizer quantizer = kernels.GetQuantizer();
        for (int i = 0; i < slow.Length; i++)
        {
            float scale = quantizer.Parameters.Scales[i / 16];
            slow[i] = Math.Clamp(MathF.Round(slow[i] / scale), -7, 7) * scale;
        }

        expected.Should().Equal(slow);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SelfAttention_computes_what_TorchSharps_does(bool isCausal)
    {
        MultiheadAttention source = MultiheadAttention(Features, 4);
        source.eval();
        SelfAttention attention = SelfAttention.From(source, 4, isCausal);
        Tensor input = torch.randn(3, Tokens, Features), turned = input.transpose(0, 1);
        Tensor? mask = isCausal ? torch.full([Tokens, Tokens], float.NegativeInfinity).triu(1) : null;

        float[] actual = Values(attention.call(input));

        float[] expected = Values(source.call(turned, turned, turned, null, false, mask).Item1.transpose(0, 1));
        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void A_causal_attention_is_exported_with_its_mask()
    {
        Module<Tensor, Tensor> net = new Transformer(isCausal: true);

        (float[] actual, float[] expected) = Both(net, torch.randint(0, Words, [8, Tokens]));

        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-4f);
    }

    [Fact]
    public void What_cannot_be_in_blocks_stays_in_float_with_a_reason()
    {
        QatModel model = QuantizationAwareTraining.Prepare(
            Sequential(("conv", Conv2d(1, 4, 3)), ("odd", Linear(20, 4)), ("even", Linear(32, 4))),
            new QatOptions { Default = LayerQuantization.WeightOnly() });
        Action size = () => LayerQuantization.WeightOnly(4, 20), bits = () => LayerQuantization.WeightOnly(3);

        model.Layers.Select(layer => layer.ToString()).Should().Equal(
            "conv Conv2d: left in float, weights of convolutions cannot be in blocks; quantize them per channel",
            "odd Linear: left in float, its 20 inputs are no multiple of the 32 weights of a block",
            "even Linear: 4-bit weights, float activations");
        size.Should().Throw<ArgumentException>().WithMessage("*16, 32, 64, 128, 256*");
        bits.Should().Throw<ArgumentException>();
    }

    private static double Train(Module<Tensor, Tensor> net, int steps)
    {
        net.train();
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(net.parameters(), 0.01);
        double loss = 0;
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor tokens = torch.randint(0, Words, [64, Tokens]);
            optimizer.zero_grad();
            Tensor result = functional.cross_entropy(net.call(tokens), tokens.select(1, 0) % Classes); // the first word decides
            result.backward();
            optimizer.step();
            loss = result.item<float>();
        }

        return loss;
    }

    private static (float[] Actual, float[] Expected) Both(Module<Tensor, Tensor> net, Tensor tokens)
    {
        net.eval();
        string path = Path.GetTempFileName();
        try
        {
            net.ExportOnnx([Tokens], path, new OnnxExportOptions { Tokens = Words });
            using InferenceSession session = new(path);
            using OrtValue value = OrtValue.CreateTensorValueFromMemory([.. tokens.data<long>()], tokens.shape);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["input"], [value], ["output"]);
            using IDisposable noGradient = torch.no_grad();
            return (results[0].GetTensorDataAsSpan<float>().ToArray(), Values(net.call(tokens)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A block as in GPT and ViT: what is normalized is read, and the result is added.</summary>
    private sealed class Layer : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> norm1 = LayerNorm(Features), norm2 = LayerNorm(Features),
            up = Linear(Features, 2 * Features), down = Linear(2 * Features, Features);
        private readonly Module<Tensor, Tensor> attention;

        public Layer(bool isCausal)
            : base(nameof(Layer))
        {
            attention = new SelfAttention(Features, 4, isCausal);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            Tensor mixed = input + attention.call(norm1.call(input));
            return mixed + down.call(functional.gelu(up.call(norm2.call(mixed))));
        }
    }

    private sealed class Transformer : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> table = Embedding(Words, Features), layer, norm = LayerNorm(Features),
            head = Linear(Features, Classes);
        private readonly Parameter positions = new(torch.randn(1, Tokens, Features) * 0.5);

        public Transformer(bool isCausal)
            : base(nameof(Transformer))
        {
            layer = new Layer(isCausal);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(norm.call(layer.call(table.call(input) + positions)).mean([1]));
    }
}
