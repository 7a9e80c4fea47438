using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.FakeQuantization;

/// <summary>Fake quantization by torch's operators gives the bits of the core's kernels.</summary>
public sealed class ComposedFakeQuantizeTests : TorchTest
{
    public static TheoryData<string> Kinds => [.. Options.Keys];

    private static readonly Dictionary<string, FakeQuantizeOptions> Options = new()
    {
        ["affine"] = new() { Momentum = 0.3 },
        ["affine, signed"] = new() { Format = CodeFormat.Signed(5), Momentum = 1 },
        ["symmetric"] = new() { Format = CodeFormat.Signed(4), Scheme = QuantizationScheme.Symmetric },
        ["symmetric, without sign"] = new() { Format = CodeFormat.Unsigned(3), Scheme = QuantizationScheme.Symmetric },
        ["channels"] = new()
        {
            Format = CodeFormat.Signed(8),
            Scheme = QuantizationScheme.Symmetric,
            Granularity = Granularity.PerChannel(1),
            Momentum = 1
        },
        ["last channels, affine"] = new() { Granularity = Granularity.PerChannel(-1), Momentum = 0.01 },
        ["learned"] = new() { Format = CodeFormat.Unsigned(4), Range = RangeMode.Learned },
        ["learned channels"] = new()
        {
            Format = CodeFormat.Signed(2),
            Scheme = QuantizationScheme.Symmetric,
            Granularity = Granularity.PerChannel(0),
            Range = RangeMode.Learned
        },
        ["learned offset"] = new() { Format = CodeFormat.Unsigned(4), Range = RangeMode.Learned, LearnsOffset = true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Values_and_gradients_are_those_of_the_kernels_bit_for_bit(string kind)
    {
        FakeQuantizeOptions options = Options[kind];
        Random random = new(7);
        FakeQuantize kernels = Make(options, isComposed: false), composed = Make(options, isComposed: true);
        for (int step = 0; step < 20; step++)
        {
            float[] values =
                [.. Enumerable.Range(0, Length).Select(_ => (float)(random.NextDouble() - 0.3) * MathF.Pow(10, random.Next(-3, 3)))];
            float[] gradients = [.. Enumerable.Range(0, Length).Select(_ => (float)(random.NextDouble() - 0.5))];
            if (kernels.HasRange)
            {
                AddThresholds(values, kernels.GetQuantizer(), random);
            }

            (float[] expected, float[] expectedGradient, float[][] expectedParameters) = Run(kernels, values, gradients);
            (float[] actual, float[] actualGradient, float[][] actualParameters) = Run(composed, values, gradients);

            Bits(actual).Should().Equal(Bits(expected));
            Bits(actualGradient).Should().Equal(Bits(expectedGradient));
            composed.GetQuantizer().Parameters.Should().Be(kernels.GetQuantizer().Parameters);
            foreach ((float[] one, float[] other) in actualParameters.Zip(expectedParameters))
            {
                // Sums run in another order: sixteen lanes of single precision in the kernels, double precision here.
                one.Should().Equal(other, (a, b) => MathF.Abs(a - b) <= 1e-5f * (MathF.Abs(b) + 1));
            }
        }

        composed.Steps.Should().Be(20);
    }

    [Fact]
    public void NaN_and_infinity_are_treated_as_by_the_kernels()
    {
        FakeQuantize kernels = Make(Options["affine"], isComposed: false), composed = Make(Options["affine"], isComposed: true);
        foreach (FakeQuantize each in (FakeQuantize[])[kernels, composed])
        {
            each.SetRanges([new ValueRange(-1, 2)]);
            each.IsFrozen = true;
        }

        float[] values = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, float.MaxValue, float.Epsilon, 1];
        float[] gradients = [1, 2, 3, 4, 5, 6, 7];

        (float[] actual, float[] gradient, _) = Run(composed, values, gradients);
        (float[] expected, float[] expectedGradient, _) = Run(kernels, values, gradients);

        actual.Should().Equal(expected);
        gradient.Should().Equal(expectedGradient).And.Equal(0, 0, 0, 4, 0, 6, 7);
    }

    [Theory]
    [InlineData(QuantizationScheme.Affine, true)]
    [InlineData(QuantizationScheme.Affine, false)]
    [InlineData(QuantizationScheme.Symmetric, true)]
    public void Parameters_are_those_of_the_core_bit_for_bit(QuantizationScheme scheme, bool isSigned)
    {
        Random random = new(3);
        CodeFormat format = isSigned ? CodeFormat.Int8.Restricted : CodeFormat.UInt8;
        ValueRange[] ranges =
        [
            .. Enumerable.Range(0, 5000).Select(_ => (First: Any(random), Second: Any(random)))
                .Select(each => new ValueRange(MathF.Min(each.First, each.Second), MathF.Max(each.First, each.Second))),
            new(0, 0), new(-float.MaxValue, float.MaxValue), new(0, float.Epsilon), new(3, 5), new(-5, -3), new(-float.MaxValue, 0),
        ];
        Tensor both = torch.stack(
            [torch.tensor([.. ranges.Select(range => range.Min)]), torch.tensor([.. ranges.Select(range => range.Max)])]);

        (Tensor scale, Tensor zeroPoint) = ComposedRange.Parameters(both, format, scheme);

        QuantizationParameters expected = QuantizationParameters.FromRanges(ranges, format, scheme);
        Bits(Values(scale)).Should().Equal(Bits(expected.Scales.ToArray()));
        Values(zeroPoint).Should().Equal(expected.ZeroPoints.ToArray().Select(value => (float)value));
    }

    [Fact]
    public void The_gradient_of_an_offset_is_that_of_the_codes_that_it_moves()
    {
        FakeQuantize quantizer = Make(Options["learned offset"], isComposed: false);
        quantizer.SetRanges([new ValueRange(-1, 2)]);
        UniformQuantizer before = quantizer.GetQuantizer();
        float[] values = [-3, -1.05f, -0.4f, 0.3f, 1.9f, 2.2f, 7], gradients = [1, 2, 4, 8, 16, 32, 64];

        (_, _, float[][] parameters) = Run(quantizer, values, gradients);

        // What lies below the codes moves with the lowest code, what lies above with the highest: by one scale for one step of the
        // zero-point.
        double factor = LearnedStepSize.GradientScale(values.Length, quantizer.Format), scale = before.Parameters.Scales[0];
        float expected = (float)(-(1 + 2 + 32 + 64) * scale * factor);
        parameters.Single(gradient => gradient.Length == 1 && MathF.Abs(gradient[0] - expected) < 1e-4f).Should().NotBeEmpty();
    }

    [Fact]
    public void A_learned_offset_makes_room_for_negative_values()
    {
        FakeQuantize quantizer = Make(Options["learned offset"], isComposed: false);
        quantizer.SetRanges([new ValueRange(0, 3)]);
        using torch.optim.Optimizer optimizer = torch.optim.Adam(quantizer.parameters(), 0.05);
        Tensor values = (torch.rand(2000, generator: new torch.Generator(5)) * 3) - 1.5;
        double before = Loss().item<float>();
        for (int step = 0; step < 300; step++)
        {
            optimizer.zero_grad();
            Loss().backward();
            optimizer.step();
        }

        Loss().item<float>().Should().BeLessThan((float)(before / 20));
        quantizer.GetQuantizer().Parameters.ZeroPoints[0].Should()
            .BeGreaterThan(2, "half of the values are negative, and none had a code of its own");

        Tensor Loss() => (quantizer.call(values) - values).square().mean();
    }

    [Fact]
    public void An_offset_needs_a_learned_affine_range()
    {
        Action observed = () => _ = new FakeQuantize(new FakeQuantizeOptions { LearnsOffset = true });

        observed.Should().Throw<ArgumentException>().WithMessage("*learned affine range*");
    }

    private const int Length = 6 * 5 * 7;

    private static FakeQuantize Make(FakeQuantizeOptions options, bool isComposed)
    {
        int channels = options.Granularity.Kind == GranularityKind.PerTensor ? 1 : (int)Shape[options.Granularity.GetAxis(3)];
        FakeQuantize made = new(options, channels) { IsComposed = isComposed };
        made.train();
        return made;
    }

    private static long[] Shape => [6, 5, 7];

    private static (float[] Result, float[] Gradient, float[][] Parameters) Run(FakeQuantize quantizer, float[] values, float[] gradients)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        long[] shape = values.Length == Length ? Shape : [values.Length];
        Tensor input = torch.tensor(values).reshape(shape).requires_grad_();
        foreach (global::TorchSharp.Modules.Parameter parameter in quantizer.parameters())
        {
            parameter.grad = null;
        }

        Tensor result = quantizer.call(input);
        result.backward([torch.tensor(gradients).reshape(shape)]);
        return (
            Values(result),
            Values(input.grad!),
            [.. quantizer.parameters().Select(parameter => parameter.grad is { } gradient ? Values(gradient) : [])]);
    }

    /// <summary>Puts values where codes change, and beside these places.</summary>
    private static void AddThresholds(float[] values, UniformQuantizer quantizer, Random random)
    {
        for (int i = 0; i < values.Length; i += 3)
        {
            float scale = quantizer.Parameters.Scales[random.Next(quantizer.Parameters.Count)];
            float threshold = (random.Next(-20, 20) + 0.5f) * scale;
            values[i] = random.Next(3) switch { 0 => threshold, 1 => MathF.BitIncrement(threshold), _ => MathF.BitDecrement(threshold) };
        }
    }

    private static float Any(Random random) => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-40, 38)));

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}
