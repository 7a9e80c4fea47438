using Quantization.Codebooks;

namespace Quantization;

/// <content>Codebooks derived from formulas, formats and data.</content>
public sealed partial class Codebook
{
    /// <summary>
    /// The two levels −1 and 1, decided at 0: the sign of a value, with 0 and NaN counted as positive. For binary networks, scaled by the
    /// mean magnitude.
    /// </summary>
    public static Codebook Sign { get; } = new([0], [-1, 1]);

    /// <summary>
    /// The 16 levels of NormalFloat4 as published: quantiles of the normal distribution over −1 … 1 (Dettmers et al., QLoRA, 2023, appendix
    /// E). Scale each block by its largest magnitude; the usual block has 64 values.
    /// </summary>
    public static Codebook NormalFloat4 { get; } = FromLevels(
    [
        -1f, -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f, -0.091050036f, 0f,
        0.0795803f, 0.1609302f, 0.2461123f, 0.33791524f, 0.44070983f, 0.562617f, 0.72295684f, 1f,
    ]);

    /// <summary>
    /// FP4 E2M1 (OCP Microscaling Formats 1.0): ±{0, 0.5, 1, 1.5, 2, 3, 4, 6}. Codes are bit patterns, sign bit first. Ties go to the even
    /// mantissa, values beyond ±6 saturate, −0 keeps its sign, NaN becomes +0.
    /// </summary>
    public static Codebook Float4E2M1 { get; } = FloatFormat.E2M1.ToCodebook();

    /// <summary>
    /// FP8 E4M3FN (Micikevicius et al., FP8 Formats for Deep Learning, 2022; ONNX FLOAT8E4M3FN): 254 values to ±448, no infinities. Codes
    /// are bit patterns, equal to ONNX QuantizeLinear with saturation: ties go to the even mantissa, values beyond ±448 and ±∞ saturate, −0
    /// keeps its sign, and so does NaN (codes 0x7F and 0xFF).
    /// </summary>
    public static Codebook Float8E4M3FN { get; } = FloatFormat.E4M3FN.ToCodebook();

    /// <summary>
    /// FP8 E5M2 (Micikevicius et al., FP8 Formats for Deep Learning, 2022; ONNX FLOAT8E5M2): 248 finite values to ±57344. Codes are bit
    /// patterns, equal to ONNX QuantizeLinear with saturation: ties go to the even mantissa, values beyond ±57344 and ±∞ saturate, −0 keeps
    /// its sign, and so does NaN (codes 0x7F and 0xFF). The codes of ±∞ and of every NaN are read back as such.
    /// </summary>
    public static Codebook Float8E5M2 { get; } = FloatFormat.E5M2.ToCodebook();

    /// <summary>Equal steps with one level exactly at 0: levels <c>k · step</c>, thresholds midway.</summary>
    /// <param name="levels">An odd number of levels, 3 … 255.</param>
    /// <param name="step">The distance between levels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is even or out of range, or the step is not finite and above 0.</exception>
    public static Codebook UniformMidTread(int levels, float step)
    {
        ThrowUnlessLevels(levels, 3);
        if (levels % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(levels), levels, "A mid-tread quantizer has an odd number of levels; UniformMidRise has an even one.");
        }

        return Companding.Linear.ToCodebook(levels, ExtentOf(levels, step));
    }

    /// <summary>Equal steps with a threshold at 0 and no level there: levels <c>(k + ½) · step</c>, thresholds <c>k · step</c>.</summary>
    /// <param name="levels">An even number of levels, 2 … 256.</param>
    /// <param name="step">The distance between levels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is odd or out of range, or the step is not finite and above 0.</exception>
    public static Codebook UniformMidRise(int levels, float step)
    {
        ThrowUnlessLevels(levels, 2);
        if (levels % 2 != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(levels), levels, "A mid-rise quantizer has an even number of levels; UniformMidTread has an odd one.");
        }

        return Companding.Linear.ToCodebook(levels, ExtentOf(levels, step));
    }

    /// <summary>
    /// µ-law companding over −1 … 1 by its continuous formula (ITU-T G.711 gives its piecewise form): levels and thresholds are equally
    /// spaced in <c>F(x) = sgn(x) · ln(1 + µ|x|) / ln(1 + µ)</c>, so small signals get small steps. The outermost levels are ±1; an odd
    /// number of levels has one at 0, an even one a threshold.
    /// </summary>
    /// <param name="levels">2 … 256 levels.</param>
    /// <param name="mu">The compression, 255 in telephony; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of levels is out of range, or µ is not finite and above 0.</exception>
    public static Codebook MuLaw(int levels, double mu = 255)
    {
        ThrowUnlessLevels(levels, 2);
        ThrowUnlessPositive(mu, nameof(mu));
        return Companding.MuLaw(mu).ToCodebook(levels, 1);
    }

    /// <summary>
    /// A-law companding over −1 … 1 by its continuous formula (ITU-T G.711 gives its piecewise form): levels and thresholds are equally
    /// spaced in <c>F(x) = A|x| / (1 + ln A)</c> for |x| &lt; 1/A and <c>(1 + ln(A|x|)) / (1 + ln A)</c> above, with the sign of x. The
    /// outermost levels are ±1; an odd number of levels has one at 0, an even one a threshold.
    /// </summary>
    /// <param name="levels">2 … 256 levels.</param>
    /// <param name="a">The compression, 87.6 in telephony; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of levels is out of range, or A is not finite or below 1.</exception>
    public static Codebook ALaw(int levels, double a = 87.6)
    {
        ThrowUnlessLevels(levels, 2);
        if (!(a >= 1) || !double.IsFinite(a))
        {
            throw new ArgumentOutOfRangeException(nameof(a), a, "A must be finite and at least 1.");
        }

        return Companding.ALaw(a).ToCodebook(levels, 1);
    }

    /// <summary>
    /// 0 and the powers of two ±1, ±½, ±¼, … as many as b bits hold: 2^b − 1 levels, so that a product with a code is a shift (Zhou et al.,
    /// Incremental Network Quantization, 2017). A value gets the nearest level.
    /// </summary>
    /// <param name="bits">2 … 8.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is out of range.</exception>
    public static Codebook PowersOfTwo(int bits)
    {
        ThrowUnlessBits(bits, 2);
        int exponents = (1 << (bits - 1)) - 1;
        float[] levels = new float[2 * exponents + 1];
        for (int i = 0; i < exponents; i++)
        {
            levels[^(i + 1)] = MathF.ScaleB(1, -i);
            levels[i] = -levels[^(i + 1)];
        }

        return FromLevels(levels);
    }

    /// <summary>
    /// NormalFloat of any number of bits by the construction of NF4: 2^(b−1) levels above 0 and 2^(b−1) − 1 below are quantiles of the
    /// normal distribution, equally spaced in probability, divided by the largest; 0 is a level (Dettmers et al., QLoRA, 2023, section 3).
    /// With N = 2^b, the outermost probability is <c>1 − ½(1/(2N) + 1/(2(N − 1)))</c>. Four bits give <see cref="NormalFloat4"/> with its
    /// published digits.
    /// </summary>
    /// <param name="bits">2 … 8.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is out of range.</exception>
    public static Codebook NormalFloat(int bits)
    {
        ThrowUnlessBits(bits, 2);
        return bits == 4 ? NormalFloat4 : FromLevels(NormalQuantiles.Levels(bits));
    }

    /// <summary>
    /// The codebook of least squared error for given values (Lloyd, 1957, published 1982; Max, 1960; also 1-D k-means): each level is the
    /// mean of its cell, each threshold lies midway between levels. Lloyd's iteration starts once from k-means++ seeding (Arthur and
    /// Vassilvitskii, 2007) and once from equal steps over the range, and the better result is kept: never worse than the uniform codebook
    /// over the range of the values.
    /// </summary>
    /// <param name="values">What to learn from; finite.</param>
    /// <param name="levels">2 … 256 levels; where the values have fewer distinct ones, the codebook has a level for each of them.</param>
    /// <param name="weights">How much each value counts: finite, not negative; or empty where all count alike.</param>
    /// <param name="seed">Chooses the random start; the same seed gives the same codebook on every machine.</param>
    /// <exception cref="ArgumentException">
    /// There are fewer than two distinct values with weight, a value or weight is not finite, a weight is negative, or the counts differ.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of levels is out of range.</exception>
    public static Codebook LloydMax(ReadOnlySpan<float> values, int levels, ReadOnlySpan<float> weights = default, int seed = 0)
    {
        ThrowUnlessLevels(levels, 2);
        WeightedPoints points = WeightedPoints.FromValues(values, weights);
        ThrowUnlessTwoDistinct(points, nameof(values));
        return FromLevels(Codebooks.LloydMax.Learn(points, levels, seed));
    }

    /// <summary>
    /// The codebook of least squared error for what was observed, each bin of the histogram standing at its middle; see
    /// <see cref="LloydMax(ReadOnlySpan{float}, int, ReadOnlySpan{float}, int)"/>.
    /// </summary>
    /// <param name="statistics">What was observed.</param>
    /// <param name="levels">2 … 256 levels; where fewer bins are occupied, the codebook has a level for each of them.</param>
    /// <param name="seed">Chooses the random start; the same seed gives the same codebook on every machine.</param>
    /// <exception cref="ArgumentException">Fewer than two bins are occupied.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of levels is out of range.</exception>
    public static Codebook LloydMax(TensorStatistics statistics, int levels, int seed)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ThrowUnlessLevels(levels, 2);
        WeightedPoints points = WeightedPoints.FromStatistics(statistics);
        ThrowUnlessTwoDistinct(points, nameof(statistics));
        return FromLevels(Codebooks.LloydMax.Learn(points, levels, seed));
    }

    /// <summary>As <see cref="LloydMax(TensorStatistics, int, int)"/> with seed 0.</summary>
    /// <param name="statistics">What was observed.</param>
    /// <param name="levels">2 … 256 levels; where fewer bins are occupied, the codebook has a level for each of them.</param>
    /// <exception cref="ArgumentException">Fewer than two bins are occupied.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of levels is out of range.</exception>
    public static Codebook LloydMax(TensorStatistics statistics, int levels) => LloydMax(statistics, levels, 0);

    private static void ThrowUnlessTwoDistinct(WeightedPoints points, string parameterName)
    {
        if (points.Count < 2)
        {
            throw new ArgumentException("A codebook has at least 2 levels, but there "
                + $"{(points.Count == 1 ? "is only 1 distinct value" : "is no value")} to learn them from.", parameterName);
        }
    }

    private static double ExtentOf(int levels, float step)
    {
        ThrowUnlessPositive(step, nameof(step));
        double extent = (levels - 1) / 2.0 * step;
        return extent <= float.MaxValue
            ? extent
            : throw new ArgumentOutOfRangeException(nameof(step), step, $"{levels} levels so far apart exceed the largest float.");
    }

    private static void ThrowUnlessPositive(double value, string parameterName)
    {
        if (!(value > 0) || !double.IsFinite(value))
        {
            throw new ArgumentOutOfRangeException(parameterName, value, "The value must be finite and above 0.");
        }
    }

    private static void ThrowUnlessLevels(int levels, int least)
    {
        if (levels < least || levels > MaxLevels)
        {
            throw new ArgumentOutOfRangeException(nameof(levels), levels, $"This codebook has {least} to {MaxLevels} levels.");
        }
    }

    private static void ThrowUnlessBits(int bits, int least)
    {
        if (bits < least || bits > 8)
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, $"This codebook has {least} to 8 bits.");
        }
    }
}
