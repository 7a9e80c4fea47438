using System.Numerics.Tensors;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.FakeQuantization;

public sealed class FakeQuantizeTests : TorchTest
{
    private static readonly FakeQuantizeOptions Weights4 =
        new()
        {
            Format = CodeFormat.Signed(4),
            Scheme = QuantizationScheme.Symmetric,
            Granularity = Granularity.PerChannel(0),
            Momentum = 1
        };

    [Theory]
    [InlineData(RangeMode.Observed, 1, 8)]
    [InlineData(RangeMode.Observed, 5, 3)]
    [InlineData(RangeMode.Learned, 1, 4)]
    [InlineData(RangeMode.Learned, 5, 2)]
    public void The_forward_pass_is_the_cores_bit_for_bit(RangeMode range, int channels, int bits)
    {
        FakeQuantize quantizer = new(
            new FakeQuantizeOptions
            {
                Format = CodeFormat.Unsigned(bits),
                Range = range,
                Granularity = channels == 1 ? Granularity.PerTensor : Granularity.PerChannel(1)
            },
            channels);
        Tensor input = torch.randn(7, 5, 33);

        float[] actual = Values(quantizer.call(input));

        float[] expected = new float[actual.Length];
        quantizer.GetQuantizer()
            .FakeQuantize(new ReadOnlyTensorSpan<float>(Values(input), [7, 5, 33]), new TensorSpan<float>(expected, [7, 5, 33]));
        actual.Should().Equal(expected);
        actual.Distinct().Count().Should().BeLessThanOrEqualTo(channels << bits);
    }

    [Fact]
    public void Gradients_are_those_of_the_composed_form()
    {
        FakeQuantize quantizer = new(Weights4 with { Range = RangeMode.Learned }, 4);
        Tensor input = torch.randn(4, 50).requires_grad_(), factor = torch.randn(4, 50);
        (quantizer.call(input) * factor).sum().backward();

        // LSQ written with torch's own operators: rounding as a constant, a clamp, and the scale's gradient made smaller.
        Tensor logarithm = quantizer.get_parameter("log_scale")!.detach().clone().requires_grad_(),
            copy = input.detach().clone().requires_grad_();
        double shrink = LearnedStepSize.GradientScale(50, CodeFormat.Signed(4).Restricted);
        Tensor small = logarithm * shrink, scale = (small + (logarithm - small).detach()).exp().unsqueeze(1);
        Tensor quotient = (copy / scale).clamp(-7, 7), rounded = quotient + (quotient.round() - quotient).detach();
        (rounded * scale * factor).sum().backward();

        Values(input.grad!).Should().Equal(Values(copy.grad!), (a, b) => MathF.Abs(a - b) < 1e-6f);
        Values(quantizer.get_parameter("log_scale")!.grad!).Should().Equal(Values(logarithm.grad!), (a, b) => MathF.Abs(a - b) < 1e-4f);
    }

    [Fact]
    public void Strided_values_and_gradients_are_taken_in_their_own_order()
    {
        FakeQuantize quantizer = new(Weights4, 6);
        Tensor input = torch.randn(8, 6).requires_grad_();
        Tensor turned = input.t();

        Tensor result = quantizer.call(turned);
        result.t().square().sum().backward();

        Values(result).Should().Equal(Values(quantizer.call(turned.contiguous())));
        Values(input.grad!).Should().Equal(Values(2 * result.t()), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void The_observed_range_is_a_moving_average_that_starts_with_the_first_batch()
    {
        FakeQuantize quantizer = new(new FakeQuantizeOptions { Momentum = 0.25 });

        quantizer.call(torch.tensor(new float[] { -1, 3 }));
        quantizer.call(torch.tensor(new float[] { -5, 11 }));

        // −1 + 0.25 · (−5 + 1) = −2 and 3 + 0.25 · 8 = 5, over 255 steps.
        quantizer.GetQuantizer().Parameters.Scales[0].Should().Be(7f / 255);
    }

    [Fact]
    public void Evaluation_and_freezing_leave_the_range_alone()
    {
        FakeQuantize quantizer = new(new FakeQuantizeOptions { Momentum = 1 }), activations = new(new FakeQuantizeOptions());
        quantizer.call(torch.ones(2));
        activations.call(torch.ones(2));
        activations.eval();
        quantizer.IsFrozen = true;

        quantizer.call(torch.ones(2) * 9);
        activations.call(torch.ones(2) * 9);

        quantizer.GetQuantizer().Parameters.Scales[0].Should().Be(1f / 255);
        activations.GetQuantizer().Parameters.Scales[0].Should().Be(1f / 255);
        activations.Steps.Should().Be(1);
    }

    [Fact]
    public void A_frozen_learned_range_has_no_gradient()
    {
        FakeQuantize quantizer = new(Weights4 with { Range = RangeMode.Learned }, 4);
        quantizer.call(torch.randn(4, 9));
        quantizer.IsFrozen = true;

        quantizer.call(torch.randn(4, 9).requires_grad_()).sum().backward();

        quantizer.get_parameter("log_scale")!.grad.Should().BeNull();
    }

    [Theory]
    [InlineData(RangeMode.Observed)]
    [InlineData(RangeMode.Learned)]
    public void Values_pass_unchanged_until_the_start_step(RangeMode range)
    {
        FakeQuantize quantizer = new(new FakeQuantizeOptions { StartStep = 2, Format = CodeFormat.Unsigned(2), Range = range });
        Tensor input = torch.rand(50);

        for (int step = 0; step < 2; step++)
        {
            Values(quantizer.call(input)).Should().Equal(Values(input));
        }

        Values(quantizer.call(input)).Distinct().Should().HaveCountLessThanOrEqualTo(4);
        quantizer.Steps.Should().Be(3);
    }

    [Theory]
    [InlineData(RangeMode.Observed)]
    [InlineData(RangeMode.Learned)]
    public void The_state_dict_carries_everything(RangeMode range)
    {
        FakeQuantizeOptions options = new() { Format = CodeFormat.Unsigned(4), Range = range };
        FakeQuantize trained = new(options), loaded = new(options);
        trained.call(torch.randn(100));
        trained.IsFrozen = true;
        using MemoryStream saved = new();
        trained.save(saved);

        // Saving closes the stream; its content stays.
        using MemoryStream content = new(saved.ToArray());
        loaded.load(content);

        loaded.GetQuantizer().Parameters.Scales.ToArray().Should().Equal(trained.GetQuantizer().Parameters.Scales.ToArray());
        loaded.GetQuantizer().Parameters.ZeroPoints.ToArray().Should().Equal(trained.GetQuantizer().Parameters.ZeroPoints.ToArray());
        (loaded.IsFrozen, loaded.HasRange, loaded.Steps).Should().Be((true, true, 1L));
    }

    [Fact]
    public void Bad_input_is_named()
    {
        FakeQuantize quantizer = new(new FakeQuantizeOptions(), 1, "features.0.input_quantizer");

        Action notANumber = () => quantizer.call(torch.tensor(new[] { 1, float.NaN }));
        Action doubles = () => quantizer.call(torch.ones(2, torch.ScalarType.Float64));
        Action noRange = () => quantizer.GetQuantizer();
        Action ranges = () => quantizer.SetRanges([default, default]);
        Action momentum = () => _ = new FakeQuantize(new FakeQuantizeOptions { Momentum = 0 });

        notANumber.Should().Throw<InvalidOperationException>().WithMessage("features.0.input_quantizer*NaN*learning rate*");
        doubles.Should().Throw<NotSupportedException>().WithMessage("*Float64*");
        noRange.Should().Throw<InvalidOperationException>().WithMessage("features.0.input_quantizer has no range yet*");
        ranges.Should().Throw<ArgumentException>().WithMessage("*1 scales; 2 ranges*");
        momentum.Should().Throw<ArgumentOutOfRangeException>().WithMessage("*above 0*");
    }

    [Fact]
    public void Many_steps_do_not_keep_their_tensors()
    {
        FakeQuantize quantizer = new(new FakeQuantizeOptions { Range = RangeMode.Learned });
        long Live()
        {
            for (int i = 0; i < 50; i++)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                quantizer.call(torch.randn(100).requires_grad_()).sum().backward();
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Tensor.TotalCount;
        }

        long before = Live();

        Live().Should().Be(before);
    }
}
