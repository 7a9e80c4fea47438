namespace Quantization.Tests.Kernels;

public class ExtremesTests
{
    [Fact]
    public void Extremes_are_found_wherever_they_lie()
    {
        Random random = new(11);
        for (int length = 1; length <= 300; length++)
        {
            float[] values = Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f).ToArray();
            int low = random.Next(length);
            int high = random.Next(length);
            values[low] = -3;
            values[high] = 2;
            (float min, float max) = QuantizationPrimitives.MinMax(values);
            min.Should().Be(low == high ? values.Min() : -3);
            max.Should().Be(2);
            QuantizationPrimitives.MaxMagnitude(values).Should().Be(low == high ? 2 : 3);
        }
    }

    [Fact]
    public void NaN_anywhere_is_the_answer()
    {
        for (int length = 1; length <= 150; length++)
        {
            float[] values = new float[length];
            values[length * 7 % length] = float.NaN;
            values[length / 2] = length > 1 ? float.PositiveInfinity : float.NaN;
            values[length - 1] = -float.NaN;
            float.IsNaN(QuantizationPrimitives.MinMax(values).Min).Should().BeTrue();
            float.IsNaN(QuantizationPrimitives.MinMax(values).Max).Should().BeTrue();
            float.IsNaN(QuantizationPrimitives.MaxMagnitude(values)).Should().BeTrue();
        }
    }

    [Fact]
    public void Infinities_are_values()
    {
        QuantizationPrimitives.MinMax([1, float.PositiveInfinity, float.NegativeInfinity]).Should()
            .Be((float.NegativeInfinity, float.PositiveInfinity));
        QuantizationPrimitives.MaxMagnitude([1, float.NegativeInfinity]).Should().Be(float.PositiveInfinity);
    }

    [Fact]
    public void Zero_is_positive()
    {
        for (int length = 1; length <= 70; length++)
        {
            float[] zeros = new float[length];
            Array.Fill(zeros, -0f);
            (float min, float max) = QuantizationPrimitives.MinMax(zeros);
            float.IsNegative(min).Should().BeFalse();
            float.IsNegative(max).Should().BeFalse();
        }
    }

    [Fact]
    public void Nothing_has_no_extremes()
    {
        Action act = () => QuantizationPrimitives.MinMax([]);
        act.Should().Throw<ArgumentException>().WithParameterName("source");
    }
}
