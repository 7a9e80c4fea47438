using Microsoft.ML.OnnxRuntime;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Export;

/// <summary>Modules of your own whose forward method nothing describes: ONNX Runtime computes what they compute.</summary>
public sealed class TracedExportTests : TorchTest
{
    public static TheoryData<string> Blocks => [.. Forwards.Keys];

    /// <summary>Forward methods of a module with two convolutions of 8 channels, a normalization and a linear layer of 8.</summary>
    private static readonly Dictionary<string, Func<Block, Tensor, Tensor>> Forwards = new()
    {
        ["residual"] = (m, x) => functional.relu(x + m.conv2.call(functional.relu(m.conv1.call(x)))),
        ["residual, in place"] = (m, x) => (x + m.conv2.call(m.norm.call(m.conv1.call(x)).relu_())).relu_(),
        ["dense"] = (m, x) => torch.cat([x, m.conv1.call(functional.relu(x)), m.conv2.call(functional.relu(m.norm.call(x)))], 1),
        ["squeeze and excitation"] = (m, x) => x * torch.sigmoid(m.linear.call(functional.relu(x.mean([2, 3])))).unsqueeze(2).unsqueeze(3),
        ["pooled classifier"] = (m, x) => m.linear.call(functional.adaptive_avg_pool2d(functional.relu(m.conv1.call(x)), 1).flatten(1)),
        ["halves"] = (m, x) => m.conv1.call(x).chunk(2, 1) is [var a, var b] ? torch.cat([b, functional.relu6(a)], 1) : x,
        ["three terms"] = (m, x) => functional.silu(x + m.conv1.call(x) + m.conv2.call(x)),
        ["scaled"] = (m, x) => x + (m.conv1.call(x) * 0.2f),
        ["tokens"] = (m, x) => m.linear.call(functional.gelu(m.linear.call(x.flatten(2).transpose(1, 2)))).mean([1]),
        ["tokens with positions"] = (m, x) => m.linear.call(m.conv1.call(x).flatten(2).transpose(1, 2) + m.positions),
        ["maximum"] = (m, x) => torch.maximum(m.conv1.call(x), m.conv2.call(x)),
        ["pooled"] = (m, x) => functional.avg_pool2d(functional.max_pool2d(m.conv1.call(functional.hardswish(x)), 2), 2),
        ["twice"] = (m, x) => m.conv1.call(functional.leaky_relu(m.conv1.call(x))),
        ["own parameter"] = (m, x) => x + (m.conv1.call(x) * m.gamma),
        ["dispose scope"] = InScope,
        ["nothing"] = (_, x) => x.alias(),
        ["passed on"] = (m, x) => m.conv1.call(x),
    };

    [Theory]
    [MemberData(nameof(Blocks))]
    public void A_block_agrees_to_rounding(string name)
    {
        Module<Tensor, Tensor> net = Sequential(("stem", Conv2d(3, 8, 3)), ("block", new Block(Forwards[name])));

        (float[] actual, float[] expected) = Both(net, torch.randn(5, 3, 10, 10), new OnnxExportOptions());

        actual.Should().Equal(expected, (a, b) => MathF.Abs(a - b) < 1e-4f);
    }

    [Fact]
    public void A_residual_net_of_blocks_in_int8_gives_the_same_predictions()
    {
        QatModel model = QuantizationAwareTraining.Prepare(new ResidualNet());

        ThrowUnlessSamePredictions(model, torch.randn(512, 3, 16, 16));

        model.QuantizedLayers.Should().HaveCount(8);
    }

    [Fact]
    public void A_dense_net_of_blocks_in_int8_gives_the_same_predictions()
    {
        QatModel model = QuantizationAwareTraining.Prepare(new DenseNet());

        ThrowUnlessSamePredictions(model, torch.randn(512, 3, 16, 16));

        model.QuantizedLayers.Should().HaveCount(8);
    }

    [Fact]
    public void A_module_stays_in_the_mode_that_it_is_in()
    {
        Module<Tensor, Tensor> net = Sequential(("block", new Block(Forwards["residual"])));
        net.train();

        OnnxExport.Build(net, [8, 6, 6], new OnnxExportOptions());

        net.modules().Should().OnlyContain(module => module.training);
        net.call(torch.randn(2, 8, 6, 6)).shape.Should().Equal(2, 8, 6, 6);
    }

    [Fact]
    public void A_function_that_is_not_recognized_is_named_by_its_place()
    {
        Module<Tensor, Tensor> between = Sequential(("block", new Block((m, x) => m.conv2.call(m.conv1.call(x).sin()))));
        Module<Tensor, Tensor> behind = Sequential(("block", new Block((m, x) => m.conv1.call(x).cumsum(1))));

        Export(between).Should().Throw<NotSupportedException>().WithMessage(
            "block (Block): what forward computes between conv1 and conv2 is no function that the export recognizes.*IOnnxExportable*");
        Export(behind).Should().Throw<NotSupportedException>().WithMessage("block (Block): what forward computes behind conv1*");
    }

    [Fact]
    public void A_layer_that_is_called_by_forward_is_named()
    {
        Module<Tensor, Tensor> layer = Sequential(("block", new Block((m, x) => m.conv2.call(m.conv1.forward(x)))));
        Module<Tensor, Tensor> block = new Outer(new Block(Forwards["residual"]));

        Export(layer).Should().Throw<NotSupportedException>()
            .WithMessage("*between its input and conv2*conv1, *were not seen to run: call them by call, not by forward.*");
        Export(block).Should().NotThrow("what it calls is seen all the same");
    }

    private static Tensor InScope(Block module, Tensor input)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return functional.relu(module.conv1.call(functional.silu(input)) + module.conv2.call(input)).MoveToOuterDisposeScope();
    }

    private static Action Export(Module<Tensor, Tensor> net) => () => OnnxExport.Build(net, [8, 6, 6], new OnnxExportOptions());

    /// <summary>Trains a little, exports, and compares the predictions of samples that are no near-ties.</summary>
    private static void ThrowUnlessSamePredictions(QatModel model, Tensor input)
    {
        using (torch.optim.Optimizer optimizer = torch.optim.AdamW(model.Module.parameters(), 0.005))
        {
            Tensor target = torch.randint(5, [input.shape[0]]);
            for (int step = 0; step < 10; step++)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                optimizer.zero_grad();
                functional.cross_entropy(model.Module.call(input), target).backward();
                optimizer.step();
            }
        }

        (float[] actual, float[] expected) = Both(model.Module, input, new OnnxExportOptions());

        int[] Predict(float[] logits) => [.. logits.Chunk(5).Select(each => Array.IndexOf(each, each.Max()))];
        Predict(actual).Zip(Predict(expected), (a, b) => a == b).Count(same => same).Should()
            .BeGreaterThanOrEqualTo(511, "one near-tie in 512 may break the other way");
        actual.Should().NotEqual(new float[actual.Length]);
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        public readonly Module<Tensor, Tensor> conv1 = Conv2d(8, 8, 3, padding: 1), conv2 = Conv2d(8, 8, 3, padding: 1),
            norm = BatchNorm2d(8), linear = Linear(8, 8);
        public readonly global::TorchSharp.Modules.Parameter gamma = new(torch.randn(1, 8, 1, 1));
        public readonly global::TorchSharp.Modules.Parameter positions = new(torch.randn(1, 64, 8));
        private readonly Func<Block, Tensor, Tensor> _forward;

        public Block(Func<Block, Tensor, Tensor> forward)
            : base(nameof(Block))
        {
            _forward = forward;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _forward(this, input);
    }

    private sealed class Outer : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> inner;

        public Outer(Module<Tensor, Tensor> inner)
            : base(nameof(Outer))
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => inner.forward(input);
    }

    /// <summary>A block as in ResNet: a stride halves the picture, and then the shortcut has a convolution of its own.</summary>
    private sealed class BasicBlock : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> first, second;
        private readonly Module<Tensor, Tensor>? shortcut;

        public BasicBlock(int from, int to, int stride)
            : base(nameof(BasicBlock))
        {
            first = Sequential(Conv2d(from, to, 3, stride: stride, padding: 1, bias: false), BatchNorm2d(to));
            second = Sequential(Conv2d(to, to, 3, padding: 1, bias: false), BatchNorm2d(to));
            shortcut = stride == 1 && from == to ? null : Sequential(Conv2d(from, to, 1, stride: stride, bias: false), BatchNorm2d(to));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            Tensor result = second.call(functional.relu(first.call(input)));
            return functional.relu(result + (shortcut is null ? input : shortcut.call(input)));
        }
    }

    private sealed class ResidualNet : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> stem = Sequential(Conv2d(3, 16, 3, padding: 1), BatchNorm2d(16));
        private readonly Module<Tensor, Tensor> body = Sequential(new BasicBlock(16, 16, 1), new BasicBlock(16, 32, 2)),
            narrow = Conv2d(32, 32, 1), head = Linear(32, 5);

        public ResidualNet()
            : base(nameof(ResidualNet)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            head.call(functional.relu(narrow.call(body.call(functional.relu(stem.call(input))))).mean([2, 3]));
    }

    /// <summary>A layer as in DenseNet: its result stands beside what it reads.</summary>
    private sealed class DenseLayer : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> norm, narrow, conv;

        public DenseLayer(int from, int growth)
            : base(nameof(DenseLayer))
        {
            (norm, narrow, conv) = (BatchNorm2d(from), Conv2d(from, 16, 1), Conv2d(16, growth, 3, padding: 1));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) =>
            torch.cat([input, conv.call(functional.relu(narrow.call(functional.relu(norm.call(input)))))], 1);
    }

    private sealed class DenseNet : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> stem = Conv2d(3, 16, 3, padding: 1), head = Linear(32, 5);
        private readonly Module<Tensor, Tensor> dense = Sequential(new DenseLayer(16, 16), new DenseLayer(32, 16)),
            transition = Conv2d(48, 32, 1), last = Conv2d(32, 32, 3, padding: 1);

        public DenseNet()
            : base(nameof(DenseNet)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Tensor reduced = functional.avg_pool2d(transition.call(dense.call(functional.relu(stem.call(input)))), 2);
            return head.call(functional.adaptive_avg_pool2d(functional.relu(last.call(reduced)), 1).flatten(1));
        }
    }
}
