using System.Globalization;

namespace Quantization;

/// <summary>
/// A non-uniform mapping: sorted decision thresholds cut the real line into cells, and each cell has a level that its values are read back as. A value on a threshold belongs to the upper cell:
/// <c>code(x) = number of thresholds ≤ x</c>. NaN gets the code of 0, ±∞ the last and the first code. Immutable.
/// </summary>
/// <example>Thresholds 0 and 1 give <c>x &lt; 0 → 0</c>, <c>0 ≤ x &lt; 1 → 1</c>, <c>x ≥ 1 → 2</c>.</example>
public sealed class Codebook
{
    private const int MaxLevels = 65536;

    private readonly float[] _thresholds;
    private readonly float[] _levels;

    /// <summary>Makes a codebook.</summary>
    /// <param name="thresholds">The decision thresholds: finite, each above the one before. There may be none.</param>
    /// <param name="levels">What each code is read back as: finite, one more than thresholds.</param>
    /// <exception cref="ArgumentException">A threshold or level is not finite, the thresholds do not rise, or the counts do not fit; there may be at most 65,536 levels.</exception>
    public Codebook(ReadOnlySpan<float> thresholds, ReadOnlySpan<float> levels)
    {
        if (levels.Length != thresholds.Length + 1)
        {
            throw new ArgumentException($"{thresholds.Length} thresholds make {thresholds.Length + 1} cells; {levels.Length} levels are given.", nameof(levels));
        }

        if (levels.Length > MaxLevels)
        {
            throw new ArgumentException($"A code has at most 16 bits, so there can be {MaxLevels} levels; {levels.Length} are given.", nameof(levels));
        }

        for (int i = 0; i < levels.Length; i++)
        {
            if (!float.IsFinite(levels[i]))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Level {i} is {levels[i]:R}; levels are finite."), nameof(levels));
            }
        }

        for (int i = 0; i < thresholds.Length; i++)
        {
            if (!float.IsFinite(thresholds[i]) || (i > 0 && thresholds[i] <= thresholds[i - 1]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Threshold {i} is {thresholds[i]:R}; thresholds are finite and each lies above the one before."), nameof(thresholds));
            }
        }

        _thresholds = thresholds.ToArray();
        _levels = levels.ToArray();
        ZeroCode = Encode(0);
    }

    /// <summary>
    /// The 16 levels of NormalFloat4: quantiles of the normal distribution over −1 … 1 (Dettmers et al., QLoRA, 2023, appendix E). Scale each block by its largest magnitude; the usual block has 64 values.
    /// </summary>
    public static Codebook NormalFloat4 { get; } = FromLevels(
    [
        -1f, -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f, -0.091050036f, 0f,
        0.0795803f, 0.1609302f, 0.2461123f, 0.33791524f, 0.44070983f, 0.562617f, 0.72295684f, 1f,
    ]);

    /// <summary>The decision thresholds, rising.</summary>
    public ReadOnlySpan<float> Thresholds => _thresholds;

    /// <summary>What each code is read back as.</summary>
    public ReadOnlySpan<float> Levels => _levels;

    /// <summary>The code of real 0, which NaN gets too.</summary>
    internal int ZeroCode { get; }

    /// <summary>The codebook that maps each value to the nearest of <paramref name="levels"/>: thresholds halfway between neighbours, a value halfway goes up.</summary>
    /// <exception cref="ArgumentException">There is no level, a level is not finite, or the levels do not rise.</exception>
    public static Codebook FromLevels(ReadOnlySpan<float> levels)
    {
        if (levels.IsEmpty)
        {
            throw new ArgumentException("At least one level is needed.", nameof(levels));
        }

        float[] thresholds = new float[levels.Length - 1];
        for (int i = 0; i < thresholds.Length; i++)
        {
            if (!(levels[i] < levels[i + 1]))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Level {i + 1} is {levels[i + 1]:R}, not above level {i}, {levels[i]:R}."), nameof(levels));
            }

            thresholds[i] = (float)(((double)levels[i] + levels[i + 1]) / 2);
        }

        return new Codebook(thresholds, levels);
    }

    /// <summary>The code of one value: the number of thresholds at or below it.</summary>
    public int Encode(float value)
    {
        if (float.IsNaN(value))
        {
            return ZeroCode;
        }

        int low = 0;
        int high = _thresholds.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (value >= _thresholds[middle])
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
