using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Preparation;

public sealed class PrepareTests : TorchTest
{
    [Fact]
    public void The_report_tells_what_was_done_and_what_was_left_alone_and_why()
    {
        Module<Tensor, Tensor> net = Sequential(
            ("conv", Conv2d(1, 2, 3)), ("norm", BatchNorm2d(2)), ("relu", ReLU()),
            ("same", Conv2d(2, 2, 3, padding: Padding.Same)), ("relu2", ReLU()), ("norm2", BatchNorm2d(2)),
            ("flatten", Flatten()), ("head", Linear(2, 2)));

        QatModel model = QuantizationAwareTraining.Prepare(net, new QatOptions
        {
            Default = LayerQuantization.Learned(4, 3),
            Layers = new Dictionary<string, LayerQuantization?> { ["head"] = null },
        });

        model.Layers.Select(layer => layer.ToString()).Should().Equal(
            "conv Conv2d: 4-bit weights, 3-bit activations, norm folded in",
            "same Conv2d: left in float, its padding is given as Same; give it as numbers",
            "head Linear: left in float, as the options ask",
            "norm2 BatchNorm2d: left in float, it is no BatchNorm right behind a quantized layer of a Sequential; name the pair in "
                + "QatOptions.BatchNorms if it follows one");
    }

    [Fact]
    public void Layers_in_fields_are_replaced_where_the_field_allows_it()
    {
        Block block = new();

        QatModel model = QuantizationAwareTraining.Prepare(block, new QatOptions { BatchNorms = [("first", "norm")] });

        model.Layers.Select(layer => layer.ToString()).Should().Equal(
            "first Conv2d: 8-bit weights, 8-bit activations, norm folded in",
            "narrow Conv2d: left in float, the field Block.narrow is declared as Conv2d, which a quantized layer cannot replace; declare "
                + "it as Module<Tensor, Tensor>");
        block.First.Should().BeOfType<QuantizedConv2d>();
        block.call(torch.randn(2, 1, 6, 6)).shape.Should().Equal(2, 2, 2, 2);
        block.state_dict().Keys.Should()
            .Contain(["first.weight", "first.norm.running_mean", "first.input_quantizer.range", "narrow.weight"]);
        block.parameters().Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void A_layer_used_twice_stays_one_layer()
    {
        Module<Tensor, Tensor> shared = Linear(3, 3);

        QatModel model = QuantizationAwareTraining.Prepare(Sequential(("a", shared), ("b", Sequential(shared))));

        model.QuantizedLayers.Should().ContainSingle();
        model.Layers.Should().HaveCount(2);
    }

    [Fact]
    public void Names_that_the_model_does_not_have_are_refused_and_nothing_is_changed()
    {
        Sequential net = Sequential(("conv", Conv2d(1, 2, 3)), ("norm", BatchNorm2d(3)));

        Action layer = () => QuantizationAwareTraining.Prepare(
            net, new QatOptions { Layers = new Dictionary<string, LayerQuantization?> { ["convv"] = null } });
        Action pair = () => QuantizationAwareTraining.Prepare(net, new QatOptions { BatchNorms = [("conv", "norm")] });

        layer.Should().Throw<ArgumentException>().WithMessage("QatOptions.Layers names 'convv'*it has 'conv'*");
        pair.Should().Throw<ArgumentException>().WithMessage("*norm (BatchNorm2d) cannot be folded into conv*channels*");
        net.children().First().Should().BeOfType<Conv2d>();
    }

    [Fact]
    public void A_saved_model_computes_the_same_when_loaded()
    {
        QatOptions options = new() { Default = LayerQuantization.Learned(4, 4) };
        QatModel trained = QuantizationAwareTraining.Prepare(Net(), options), loaded = QuantizationAwareTraining.Prepare(Net(), options);
        Tensor input = torch.randn(4, 1, 8, 8);
        trained.Module.call(input);
        using MemoryStream saved = new();
        trained.Module.save(saved);

        // Saving closes the stream; its content stays.
        using MemoryStream content = new(saved.ToArray());
        loaded.Module.load(content);

        trained.Module.eval();
        loaded.Module.eval();
        Values(loaded.Module.call(input)).Should().Equal(Values(trained.Module.call(input)));
    }

    [Fact]
    public void Calibration_takes_the_calibrators_ranges_without_quantizing_what_it_sees()
    {
        QatModel model = QuantizationAwareTraining.Prepare(Net(), new QatOptions { Default = LayerQuantization.Learned(2, 2) });
        Tensor input = torch.randn(16, 1, 8, 8);

        IReadOnlyDictionary<string, IReadOnlyList<CalibrationResult>> results = model.Calibrate([input], new MaxCalibrator());

        ValueRange range = results["0.input_quantizer"][0].Range;
        range.Max.Should().Be(Values(input).Max());
        range.Min.Should().Be(Values(input).Min());
        results["0.weight_quantizer"].Should().HaveCount(4);
        model.Module.training.Should().BeTrue();
        Action none = () => model.Calibrate([], new MaxCalibrator());
        none.Should().Throw<ArgumentException>().WithMessage("*no batch*");
    }

    private static Sequential Net() => Sequential(Conv2d(1, 4, 3), BatchNorm2d(4), ReLU(), Flatten(), Linear(144, 3));

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> first = Conv2d(1, 2, 3);
        private readonly Module<Tensor, Tensor> norm = BatchNorm2d(2);
        private readonly Conv2d narrow = Conv2d(2, 2, 3);

        public Block()
            : base(nameof(Block)) => RegisterComponents();

        public Module<Tensor, Tensor> First => first;

        public override Tensor forward(Tensor input) => narrow.call(norm.call(first.call(input)));
    }
}
