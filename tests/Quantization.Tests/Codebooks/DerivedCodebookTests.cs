using System.Numerics;
using Quantization.Codebooks;

namespace Quantization.Tests.Codebooks;

public class DerivedCodebookTests
{
    [Fact]
    public void Mid_tread_has_a_level_at_zero_and_thresholds_midway()
    {
        Codebook book = Codebook.UniformMidTread(5, 0.5f);
        book.Levels.ToArray().Should().Equal(-1, -0.5f, 0, 0.5f, 1);
        book.Thresholds.ToArray().Should().Equal(-0.75f, -0.25f, 0.25f, 0.75f);
    }

    [Fact]
    public void Mid_rise_has_a_threshold_at_zero()
    {
        Codebook book = Codebook.UniformMidRise(4, 0.5f);
        book.Levels.ToArray().Should().Equal(-0.75f, -0.25f, 0.25f, 0.75f);
        book.Thresholds.ToArray().Should().Equal(-0.5f, 0, 0.5f);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(257)]
    public void Mid_tread_refuses_other_numbers_of_levels(int levels) =>
        FluentActions.Invoking(() => Codebook.UniformMidTread(levels, 1)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(levels));

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    public void Mid_rise_refuses_other_numbers_of_levels(int levels) =>
        FluentActions.Invoking(() => Codebook.UniformMidRise(levels, 1)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(levels));

    [Theory]
    [InlineData(0)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.MaxValue)]
    public void Impossible_steps_are_refused(float step) =>
        FluentActions.Invoking(() => Codebook.UniformMidTread(255, step)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(step));

    [Fact]
    public void A_step_that_just_reaches_the_largest_float() =>
        Codebook.UniformMidTread(3, float.MaxValue).Levels.ToArray().Should().Equal(-float.MaxValue, 0, float.MaxValue);

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(256)]
    public void Mu_law_levels_are_equally_spaced_once_compressed(int levels) =>
        LevelsAndThresholdsShouldBeEvenUnder(Codebook.MuLaw(levels), x => Math.Log(1 + 255 * x) / Math.Log(256));

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(256)]
    public void A_law_levels_are_equally_spaced_once_compressed(int levels) =>
        LevelsAndThresholdsShouldBeEvenUnder(
            Codebook.ALaw(levels), x => x < 1 / 87.6 ? 87.6 * x / (1 + Math.Log(87.6)) : (1 + Math.Log(87.6 * x)) / (1 + Math.Log(87.6)));

    [Fact]
    public void Powers_of_two_are_what_they_say()
    {
        Codebook.PowersOfTwo(3).Levels.ToArray().Should().Equal(-1, -0.5f, -0.25f, 0, 0.25f, 0.5f, 1);
        Codebook.PowersOfTwo(8).Levels.ToArray().Should()
            .HaveCount(255).And.OnlyContain(level => level == 0 || MathF.Abs(level) == MathF.ScaleB(1, MathF.ILogB(level)));
        Codebook.PowersOfTwo(8).Levels[128].Should().Be(MathF.ScaleB(1, -126));
    }

    [Fact]
    public void NF4_has_the_published_levels() => Codebook.NormalFloat(4).Levels.ToArray().Should().Equal(
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
        -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f);

    [Fact]
    public void The_general_construction_meets_the_published_NF4_levels_to_their_digits()
    {
        float[] constructed = NormalQuantiles.Levels(4);
        for (int i = 0; i < 16; i++)
        {
            constructed[i].Should().BeApproximately(Codebook.NormalFloat4.Levels[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.75, 0.6744897501960817)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.9986501019683699, 3)]
    [InlineData(0.9999997133484281, 5)]
    public void Normal_quantiles_are_those_of_the_tables(double probability, double expected) =>
        NormalQuantiles.Quantile(probability).Should().BeApproximately(expected, 1e-9);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Normal_floats_have_one_zero_and_reach_one_on_both_sides(int bits)
    {
        float[] levels = Codebook.NormalFloat(bits).Levels.ToArray();
        levels.Should().HaveCount(1 << bits);
        (levels[0], levels[(1 << (bits - 1)) - 1], levels[^1]).Should().Be((-1, 0, 1));
    }

    [Fact]
    public void The_nearest_level_wins_exactly_and_halfway_goes_up()
    {
        Random random = new(3);
        List<float> wrong = [];
        for (int round = 0; round < 10; round++)
        {
            float[] levels = Enumerable.Range(0, 8).Select(_ => (float)(random.NextDouble() * Math.Pow(10, random.Next(-3, 4)))).Distinct()
                .Order().ToArray();
            Codebook book = Codebook.FromLevels(levels);
            foreach (float value in SampleCodebooks.Probes(book).Where(float.IsFinite))
            {
                int nearest = 0;
                for (int i = 1; i < levels.Length; i++)
                {
                    nearest = Distance(levels[i], value) <= Distance(levels[nearest], value) ? i : nearest;
                }

                if (book.Encode(value) != nearest)
                {
                    wrong.Add(value);
                }
            }
        }

        wrong.Should().BeEmpty();
    }

    private static BigInteger Distance(float a, float b) => BigInteger.Abs(Fixed(a) - Fixed(b));

    /// <summary>The value in units of 2⁻¹⁴⁹, which every float is a whole number of.</summary>
    private static BigInteger Fixed(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int exponent = (bits >> 23) & 0xFF;
        BigInteger significand = exponent == 0 ? bits & 0x7FFFFF : (bits & 0x7FFFFF) | 0x800000;
        return (significand << Math.Max(exponent - 1, 0)) * (bits < 0 ? -1 : 1);
    }

    private static void LevelsAndThresholdsShouldBeEvenUnder(Codebook book, Func<double, double> compress)
    {
        int last = book.Levels.Length - 1;
        for (int i = 0; i <= last; i++)
        {
            Compressed(book.Levels[i]).Should().BeApproximately(-1 + 2.0 * i / last, 1e-6);
        }

        for (int i = 0; i < last; i++)
        {
            Compressed(book.Thresholds[i]).Should().BeApproximately(-1 + (2.0 * i + 1) / last, 1e-6);
        }

        double Compressed(float x) => Math.CopySign(compress(Math.Abs((double)x)), x);
    }
}
