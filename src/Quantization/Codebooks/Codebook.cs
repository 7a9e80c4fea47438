using System.Globalization;
using Quantization.Codebooks;

namespace Quantization;

/// <summary>
/// A rule for non-uniform quantization: ascending decision thresholds t₁ &lt; … &lt; tₙ cut the real line into n + 1 cells, and each cell
/// has a level that its values are read back as. A value's cell is the number of thresholds at or below it, so <b>a value on a threshold
/// belongs to the upper cell</b>. Immutable.
/// </summary>
/// <remarks>
/// −0 equals +0, NaN gets the code of 0, −∞ and +∞ lie in the first and the last cell. The floating-point formats
/// (<see cref="Float4E2M1"/>, <see cref="Float8E4M3FN"/>, <see cref="Float8E5M2"/>) have codes of their own for −0, and FP8 for NaN, and
/// round ties to even as their specifications say.
/// </remarks>
/// <example><code>
/// var book = new Codebook([0, 1], [-0.5f, 0.5f, 1.5f]);
/// int code = book.Encode(1);          // 2: x &lt; 0 → 0, 0 ≤ x &lt; 1 → 1, x ≥ 1 → 2
/// float level = book.Decode(code);    // 1.5
/// </code></example>
public sealed partial class Codebook
{
    /// <summary>The most levels that a codebook has: 256, one byte per code.</summary>
    public const int MaxLevels = 256;

    private readonly float[] _thresholds;
    private readonly float[] _levels;
    private readonly byte[] _codes;

    /// <summary>Makes a codebook from thresholds and levels; the code of a cell is its index.</summary>
    /// <param name="thresholds">The decision thresholds: finite, each above the one before.</param>
    /// <param name="levels">
    /// What the cells are read back as, from the lowest cell to the highest: finite, one more than thresholds, 2 … 256. They need not lie
    /// in their cells.
    /// </param>
    /// <exception cref="ArgumentException">The counts do not fit, a value is not finite, or the thresholds do not rise.</exception>
    public Codebook(ReadOnlySpan<float> thresholds, ReadOnlySpan<float> levels)
    {
        if (levels.Length != thresholds.Length + 1)
        {
            throw new ArgumentException(
                $"{thresholds.Length} thresholds make {thresholds.Length + 1} cells; {levels.Length} levels are given.", nameof(levels));
        }

        if (levels.Length is < 2 or > MaxLevels)
        {
            throw new ArgumentException($"A codebook has 2 to {MaxLevels} levels; {levels.Length} are given.", nameof(levels));
        }

        for (int i = 0; i < levels.Length; i++)
        {
            if (!float.IsFinite(levels[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Level {i} is {levels[i]:R}; levels are finite."), nameof(levels));
            }
        }

        for (int i = 0; i < thresholds.Length; i++)
        {
            if (!float.IsFinite(thresholds[i]) || (i > 0 && thresholds[i] <= thresholds[i - 1]))
            {
                throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Threshold {i} is {thresholds[i]:R}; thresholds are finite and each lies above the one before."),
                    nameof(thresholds));
            }
        }

        _thresholds = thresholds.ToArray();
        _levels = levels.ToArray();
        _codes = new byte[levels.Length];
        for (int i = 0; i < _codes.Length; i++)
        {
            _codes[i] = (byte)i;
        }

        Cells = CodebookCells.OfReals(_thresholds, _levels);
        MaxMagnitude = MaxMagnitudeOf(_levels);
    }

    /// <summary>A numeric format whose codes are bit patterns: cells and table know its signed zeros and NaN.</summary>
    internal Codebook(float[] thresholds, float[] levels, byte[] codes, CodebookCells cells)
    {
        _thresholds = thresholds;
        _levels = levels;
        _codes = codes;
        Cells = cells;
        MaxMagnitude = MaxMagnitudeOf(_levels);
    }

    /// <summary>The decision thresholds, rising; one fewer than levels.</summary>
    public ReadOnlySpan<float> Thresholds => _thresholds;

    /// <summary>What the cells are read back as, from the lowest cell to the highest; 2 … 256.</summary>
    public ReadOnlySpan<float> Levels => _levels;

    /// <summary>The code of each cell: its index, but the bit pattern in the floating-point formats.</summary>
    public ReadOnlySpan<byte> Codes => _codes;

    /// <summary>The largest magnitude of a level. Absolute-maximum scaling puts the largest magnitude of the data on it.</summary>
    public float MaxMagnitude { get; }

    /// <summary>
    /// The narrowest format that stores the codes: <see cref="CodeFormat.UInt1"/>, <see cref="CodeFormat.UInt2"/>,
    /// <see cref="CodeFormat.UInt4"/> (packed, the first code in the low bits) or <see cref="CodeFormat.UInt8"/>.
    /// </summary>
    public CodeFormat NarrowestFormat => Cells.MaxCode switch
    {
        <= 1 => CodeFormat.UInt1,
        <= 3 => CodeFormat.UInt2,
        <= 15 => CodeFormat.UInt4,
        _ => CodeFormat.UInt8,
    };

    internal CodebookCells Cells { get; }

    /// <summary>
    /// The codebook that maps each value to the nearest of <paramref name="levels"/>: thresholds halfway between neighbours, a value
    /// halfway goes up.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// There are fewer than 2 or more than 256 levels, a level is not finite, or the levels do not rise.
    /// </exception>
    public static Codebook FromLevels(ReadOnlySpan<float> levels)
    {
        float[] thresholds = new float[Math.Max(levels.Length - 1, 0)];
        for (int i = 0; i < thresholds.Length; i++)
        {
            if (!(levels[i] < levels[i + 1]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Level {i + 1} is {levels[i + 1]:R}, not above level {i}, {levels[i]:R}."),
                    nameof(levels));
            }

            thresholds[i] = SmallestAtLeast(((double)levels[i] + levels[i + 1]) / 2);
        }

        return new Codebook(thresholds, levels);
    }

    /// <summary>The code of one value: that of the cell whose index is the number of thresholds at or below it.</summary>
    public int Encode(float value) => Cells.Encode(value);

    /// <summary>What a code is read back as.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The codebook has no such code.</exception>
    public float Decode(int code)
    {
        if ((uint)code > Cells.MaxCode)
        {
            throw new ArgumentOutOfRangeException(nameof(code), code, $"The codebook has levels for 0 … {Cells.MaxCode}.");
        }

        return Cells.Levels[code];
    }

    /// <summary>For example <c>16 levels from -1 to 1</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_levels.Length} levels from {_levels[0]:R} to {_levels[^1]:R}");

    /// <summary>The smallest float that is at least <paramref name="value"/>: as a threshold it decides as the real number would.</summary>
    internal static float SmallestAtLeast(double value)
    {
        float nearest = (float)value;
        return nearest < value ? MathF.BitIncrement(nearest) : nearest;
    }

    private static float MaxMagnitudeOf(float[] levels)
    {
        float max = 0;
        foreach (float level in levels)
        {
            max = MathF.Max(max, MathF.Abs(level));
        }

        return max;
    }
}
