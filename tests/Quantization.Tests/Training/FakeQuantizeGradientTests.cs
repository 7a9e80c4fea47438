using System.Numerics.Tensors;
using CsCheck;

namespace Quantization.Tests.Training;

/// <summary>
/// The gradients against finite differences of what they are the gradients of: fake quantization with its rounding error held fixed,
/// <c>scale · (clamp(x / scale) + error)</c>, in double precision.
/// </summary>
public sealed class FakeQuantizeGradientTests
{
    private const double Step = 1e-6;

    private static readonly Gen<CodeFormat> Formats = Gen.OneOf(new[] {
        CodeFormat.Int8.Restricted, CodeFormat.UInt8, CodeFormat.Signed(4).Restricted, CodeFormat.Unsigned(4),
        CodeFormat.Signed(2).Restricted, CodeFormat.Unsigned(2), CodeFormat.Signed(10) }.Select(Gen.Const).ToArray());

    [Fact]
    public void The_gradient_of_the_values_is_the_finite_difference_of_the_surrogate() =>
        Gen.Select(Formats, Gen.Float[0.01f, 2], Gen.Double[-1.5, 1.5].Array[1, 70], Gen.Double[-2, 2].Array[70])
            .Sample((format, scale, spread, gradients) =>
            {
                Case given = Case.Make(format, scale, spread, gradients);
                float[] actual = new float[given.Values.Length];

                FakeQuantizeGradient.StraightThrough(given.Quantizer, given.Values, given.Gradients, actual);

                for (int i = 0; i < actual.Length; i++)
                {
                    double x = given.Values[i];
                    double difference = (given.Surrogate(x + Step, scale, i) - given.Surrogate(x - Step, scale, i)) / (2 * Step);
                    actual[i].Should().BeApproximately((float)(given.Gradients[i] * difference), 1e-5f);
                }
            });

    [Fact]
    public void The_gradient_of_the_scale_is_the_finite_difference_of_the_surrogate() =>
        Gen.Select(Formats, Gen.Float[0.01f, 2], Gen.Double[-1.5, 1.5].Array[1, 70], Gen.Double[-2, 2].Array[70])
            .Sample((format, scale, spread, gradients) =>
            {
                Case given = Case.Make(format, scale, spread, gradients);
                float[] clipped = new float[given.Values.Length], both = new float[given.Values.Length];
                double[] actual = new double[1];

                FakeQuantizeGradient.StraightThrough(given.Quantizer, given.Values, given.Gradients, clipped);
                FakeQuantizeGradient.LearnedScale(given.Quantizer, given.Values, given.Gradients, both, actual);

                double expected = 0, magnitude = 0, step = scale * Step;
                for (int i = 0; i < given.Values.Length; i++)
                {
                    double difference = (given.Surrogate(given.Values[i], scale + step, i)
                        - given.Surrogate(given.Values[i], scale - step, i)) / (2 * step);
                    expected += given.Gradients[i] * difference;
                    magnitude += Math.Abs(given.Gradients[i]) * (Math.Abs(difference) + (1 << 16));
                }

                both.Should().Equal(clipped);

                // What single precision keeps of a quotient and of the sum.
                actual[0].Should().BeApproximately(expected, 1e-6 * magnitude + 1e-4);
            });

    [Fact]
    public void Each_channel_has_the_gradients_that_it_has_alone()
    {
        // Axis 1 of three, and an axis whose channels lie element by element.
        foreach ((nint[] shape, int axis) in new[] { (new nint[] { 3, 4, 37 }, 1), ([5, 6], 1), ([4, 50], 0) })
        {
            int channels = (int)shape[axis], inner = shape.Skip(axis + 1).Aggregate(1, (product, length) => product * (int)length);
            Random random = new(7);
            float[] values = Normal(random, shape), gradients = Normal(random, shape), actual = new float[values.Length];
            float[] scales = [.. Enumerable.Range(1, channels).Select(channel => channel * 0.05f)];
            double[] scaleGradients = new double[channels];
            SymmetricQuantizer quantizer = new(CodeFormat.Signed(4), new QuantizationParameters(scales), Granularity.PerChannel(axis));

            FakeQuantizeGradient.LearnedScale(quantizer, new(values, shape), new(gradients, shape), new(actual, shape), scaleGradients);
            float[] withoutScales = new float[values.Length];
            FakeQuantizeGradient.StraightThrough(quantizer, new(values, shape), new(gradients, shape), new(withoutScales, shape));

            withoutScales.Should().Equal(actual);
            for (int channel = 0; channel < channels; channel++)
            {
                int[] own = [.. Enumerable.Range(0, values.Length).Where(i => i / inner % channels == channel)];
                float[] alone = new float[own.Length];
                double[] scaleGradient = new double[1];
                SymmetricQuantizer single = new(CodeFormat.Signed(4), new QuantizationParameters([scales[channel]]));
                FakeQuantizeGradient.LearnedScale(
                    single, own.Select(i => values[i]).ToArray(), own.Select(i => gradients[i]).ToArray(), alone, scaleGradient);
                own.Select(i => actual[i]).Should().Equal(alone);
                scaleGradients[channel].Should().BeApproximately(scaleGradient[0], 1e-5);
            }
        }
    }

    [Fact]
    public void The_ends_of_the_clipping_range_pass_and_what_lies_beyond_does_not()
    {
        // Scale 0.5, zero-point 3, codes 0 … 15: quotients −3 … 12.
        AffineQuantizer quantizer = new(CodeFormat.Unsigned(4), new QuantizationParameters([0.5f], [3]));
        float[] values =
            [-1.5f, MathF.BitDecrement(-1.5f), 6, MathF.BitIncrement(6), float.NegativeInfinity, float.PositiveInfinity, float.NaN, 0.1f];
        float[] actual = new float[values.Length];
        double[] scaleGradient = new double[1];

        FakeQuantizeGradient.LearnedScale(quantizer, values, new float[] { 1, 10, 100, 1000, 1, 10, 100, 0 }, actual, scaleGradient);

        actual.Should().Equal(1, 0, 100, 0, 0, 0, 0, 0);
        scaleGradient[0].Should().Be(-3 * 11 + 12 * 1010);
    }

    [Fact]
    public void A_large_sum_keeps_its_digits()
    {
        // A million equal terms: plain single precision would be off in the third digit.
        float[] values = new float[1_000_003], gradients = new float[values.Length];
        Array.Fill(values, 0.3f);
        Array.Fill(gradients, 0.1f);
        double[] actual = new double[1];

        FakeQuantizeGradient.LearnedScale(
            new SymmetricQuantizer(CodeFormat.Int8, new QuantizationParameters([1])), values, gradients, gradients, actual);

        actual[0].Should().BeApproximately(-0.3 * 0.1 * values.Length, 0.1);
    }

    [Fact]
    public void Gradients_of_another_shape_are_refused()
    {
        SymmetricQuantizer quantizer = new(CodeFormat.Int8, new QuantizationParameters([1]));

        Action shapes = () => FakeQuantizeGradient.StraightThrough(quantizer, new float[4], new float[3], new float[4]);
        Action scales = () => FakeQuantizeGradient.LearnedScale(quantizer, new float[4], new float[4], new float[4], new double[2]);

        shapes.Should().Throw<ArgumentException>().WithMessage("*[3]*[4]*").WithParameterName("outputGradient");
        scales.Should().Throw<ArgumentException>().WithMessage("*1 scales*2 gradients*").WithParameterName("scaleGradients");
    }

    private static float[] Normal(Random random, nint[] shape) =>
        [.. Enumerable.Range(0, (int)TensorPrimitives.Product<nint>(shape)).Select(_ => (float)(random.NextDouble() - 0.5))];

    /// <summary>
    /// Values spread over one and a half clipping ranges, none so near to an end that a finite difference would step over it.
    /// </summary>
    private sealed record Case(UniformQuantizer Quantizer, float[] Values, float[] Gradients)
    {
        public static Case Make(CodeFormat format, float scale, double[] spread, double[] gradients)
        {
            int zeroPoint = format.MinCode < 0 ? 0 : format.MaxCode / 3;
            double low = format.MinCode - zeroPoint, high = format.MaxCode - zeroPoint;
            float[] values = [.. spread.Select(at => at * (high - low) / 2 + (high + low) / 2)
                .Select(q => (float)((Math.Min(Math.Abs(q - low), Math.Abs(q - high)) < 0.01 ? q + 0.03 : q) * scale))];
            return new Case(
                new AffineQuantizer(format, new QuantizationParameters([scale], [zeroPoint])),
                values,
                [.. gradients.Take(values.Length).Select(g => (float)g)]);
        }

        public double Surrogate(double x, double scale, int index)
        {
            double low = Quantizer.Format.MinCode - Quantizer.Parameters.ZeroPoints[0],
                high = Quantizer.Format.MaxCode - Quantizer.Parameters.ZeroPoints[0];

            // The quotient of the forward pass is rounded to float before it is rounded to a code: at a tie that decides.
            double forward = Math.Clamp((double)(Values[index] / Quantizer.Parameters.Scales[0]), low, high);
            double error = Math.Round(forward, MidpointRounding.ToEven) - forward;
            return scale * (Math.Clamp(x / scale, low, high) + error);
        }
    }
}
