using System.Globalization;

namespace Quantization;

/// <summary>
/// Scales and zero-points, one pair for each group of values that a <see cref="Granularity"/> makes, in row-major order of its parameter shape. <c>scale</c> is the step between
/// codes in real units, as in ONNX, PyTorch and TFLite; the multiplier <c>s</c> of some texts is its inverse. Immutable.
/// </summary>
public sealed class QuantizationParameters
{
    /// <summary>The smallest scale that a range is given, 2⁻¹²⁶, the smallest normal number: below it a step loses precision.</summary>
    private const float SmallestScale = 1.17549435E-38f;

    private readonly float[] _scales;
    private readonly int[] _zeroPoints;

    /// <summary>Takes over given scales and zero-points (copied).</summary>
    /// <param name="scales">The steps; each finite and above 0.</param>
    /// <param name="zeroPoints">The codes of real 0, as many as scales; or empty where all are 0.</param>
    /// <exception cref="ArgumentException">There is no scale, a scale is not finite and positive, or the counts differ.</exception>
    public QuantizationParameters(ReadOnlySpan<float> scales, ReadOnlySpan<int> zeroPoints = default)
    {
        if (scales.IsEmpty)
        {
            throw new ArgumentException("At least one scale is needed.", nameof(scales));
        }

        if (!zeroPoints.IsEmpty && zeroPoints.Length != scales.Length)
        {
            throw new ArgumentException($"{zeroPoints.Length} zero-points do not fit {scales.Length} scales; give as many, or none where all are 0.", nameof(zeroPoints));
        }

        for (int i = 0; i < scales.Length; i++)
        {
            if (!(scales[i] > 0) || !float.IsFinite(scales[i]))
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Scale {i} is {scales[i]:R}; a scale must be finite and above 0."), nameof(scales));
            }
        }

        _scales = scales.ToArray();
        _zeroPoints = zeroPoints.IsEmpty ? new int[scales.Length] : zeroPoints.ToArray();
    }

    /// <summary>The number of scales.</summary>
    public int Count => _scales.Length;

    /// <summary>The steps between codes, in real units.</summary>
    public ReadOnlySpan<float> Scales => _scales;

    /// <summary>The codes of real 0.</summary>
    public ReadOnlySpan<int> ZeroPoints => _zeroPoints;

    /// <summary>Whether every zero-point is 0.</summary>
    public bool IsSymmetric => !_zeroPoints.AsSpan().ContainsAnyExcept(0);

    /// <summary>The parameters of one range; see <see cref="FromRanges"/>.</summary>
    public static QuantizationParameters FromRange(ValueRange range, CodeFormat format, QuantizationScheme scheme) => FromRanges([range], format, scheme);

    /// <summary>
    /// Turns ranges into parameters; the one place where that happens. With β ≤ 0 ≤ α the range widened to contain 0:
    /// affine <c>scale = (α − β) / (MaxCode − MinCode)</c>, <c>zeroPoint = MinCode − round(β / scale)</c>, saturated to the format;
    /// symmetric <c>scale = max(α, −β) / MaxCode</c>, <c>zeroPoint = 0</c>.
    /// Computed in double precision and rounded to nearest, ties to even. The range [0, 0] gets scale 1; a scale that would be below 2⁻¹²⁶ becomes 2⁻¹²⁶.
    /// </summary>
    /// <exception cref="ArgumentException">There is no range.</exception>
    public static QuantizationParameters FromRanges(ReadOnlySpan<ValueRange> ranges, CodeFormat format, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(format);
        float[] scales = new float[ranges.Length];
        int[] zeroPoints = new int[ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            ValueRange range = ranges[i].IncludingZero();
            double span = scheme == QuantizationScheme.Symmetric
                ? range.MaxMagnitude / (double)format.MaxCode
                : ((double)range.Max - range.Min) / ((double)format.MaxCode - format.MinCode);
            scales[i] = range.MaxMagnitude == 0 ? 1 : MathF.Max((float)span, SmallestScale);
            if (scheme == QuantizationScheme.Affine)
            {
                double zeroPoint = format.MinCode - Math.Round(range.Min / (double)scales[i], MidpointRounding.ToEven);
                zeroPoints[i] = (int)Math.Clamp(zeroPoint, format.MinCode, format.MaxCode);
            }
        }

        return new QuantizationParameters(scales, zeroPoints);
    }
}
