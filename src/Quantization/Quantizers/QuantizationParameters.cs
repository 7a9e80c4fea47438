using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Serialization;

namespace Quantization;

/// <summary>
/// Scales and zero-points, one pair for each group of values that a <see cref="Granularity"/> makes, in row-major order of its parameter
/// shape. <c>scale</c> is the step between codes in real units, as in ONNX, PyTorch and TFLite; the multiplier <c>s</c> of some texts is
/// its inverse. Immutable and compared by value.
/// </summary>
[JsonConverter(typeof(QuantizationParametersJsonConverter))]
public sealed class QuantizationParameters : IEquatable<QuantizationParameters>
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
            throw new ArgumentException(
                $"{zeroPoints.Length} zero-points do not fit {scales.Length} scales; give as many, or none where all are 0.",
                nameof(zeroPoints));
        }

        for (int i = 0; i < scales.Length; i++)
        {
            if (!(scales[i] > 0) || !float.IsFinite(scales[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Scale {i} is {scales[i]:R}; a scale must be finite and above 0."),
                    nameof(scales));
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

    /// <summary>Whether both have the same scales and zero-points.</summary>
    public static bool operator ==(QuantizationParameters? left, QuantizationParameters? right) =>
        left is null ? right is null : left.Equals(right);

    /// <summary>Whether a scale or a zero-point differs.</summary>
    public static bool operator !=(QuantizationParameters? left, QuantizationParameters? right) => !(left == right);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">
    /// The text is no JSON, describes no parameters, or has another version. The message names the property and its value.
    /// </exception>
    public static QuantizationParameters FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return QuantizationParametersJson.Read(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote, as UTF-8 with or without a byte order mark.</summary>
    /// <exception cref="InvalidDataException">
    /// The text is no JSON, describes no parameters, or has another version. The message names the property and its value.
    /// </exception>
    public static QuantizationParameters FromJson(ReadOnlySpan<byte> utf8Json) => QuantizationParametersJson.Read(utf8Json);

    /// <summary>The parameters of one range; see <see cref="FromRanges"/>.</summary>
    public static QuantizationParameters FromRange(ValueRange range, CodeFormat format, QuantizationScheme scheme) =>
        FromRanges([range], format, scheme);

    /// <summary>
    /// Turns ranges into parameters; the one place where that happens. With β ≤ 0 ≤ α the range widened to contain 0:
    /// affine <c>scale = (α − β) / (MaxCode − MinCode)</c>, <c>zeroPoint = MinCode − round(β / scale)</c>, saturated to the format;
    /// symmetric <c>scale = max(α, −β) / MaxCode</c>, <c>zeroPoint = 0</c>, where a format without negative codes looks at α alone:
    /// negative values saturate there. Differences and quotients are rounded to float one by one, as ONNX DynamicQuantizeLinear does, ties
    /// to even; so β has the code MinCode exactly. A range without extent gets scale 1; a scale below 2⁻¹²⁶ becomes 2⁻¹²⁶, one above the
    /// largest finite float that float.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// There is no range, or the scheme is symmetric and the format lacks code 0 or a code above it.
    /// </exception>
    public static QuantizationParameters FromRanges(ReadOnlySpan<ValueRange> ranges, CodeFormat format, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (scheme == QuantizationScheme.Symmetric && (format.MinCode > 0 || format.MaxCode <= 0))
        {
            throw new ArgumentException($"Symmetric codes contain 0 and a code above it; {format} does not.", nameof(format));
        }

        float[] scales = new float[ranges.Length];
        int[] zeroPoints = new int[ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            (scales[i], zeroPoints[i]) = OfRange(ranges[i], format, scheme);
        }

        return new QuantizationParameters(scales, zeroPoints);
    }

    /// <summary>
    /// Writes the parameters as JSON: <c>{"version":1,"scales":[0.5,0.25],"zeroPoints":[3,-7]}</c>, without <c>zeroPoints</c> where all are
    /// 0. A scale has the shortest digits that lead back to the same bits. To write
    /// parameters as part of an object of your own, give that object to <see cref="System.Text.Json.JsonSerializer"/>, which uses the same
    /// form.
    /// </summary>
    public string ToJson() => QuantizationParametersJson.Write(this);

    /// <summary>Whether <paramref name="other"/> has the same scales and zero-points.</summary>
    public bool Equals(QuantizationParameters? other) =>
        other is not null && _scales.AsSpan().SequenceEqual(other._scales) && _zeroPoints.AsSpan().SequenceEqual(other._zeroPoints);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as QuantizationParameters);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes<float>(_scales));
        hash.AddBytes(MemoryMarshal.AsBytes<int>(_zeroPoints));
        return hash.ToHashCode();
    }

    /// <summary>The scale and zero-point of one range, for a format that fits the scheme.</summary>
    internal static (float Scale, int ZeroPoint) OfRange(ValueRange given, CodeFormat format, QuantizationScheme scheme)
    {
        ValueRange range = given.IncludingZero();
        if (scheme == QuantizationScheme.Symmetric)
        {
            return (Step(format.IsSigned ? range.MaxMagnitude : range.Max, format.MaxCode), 0);
        }

        float extent = range.Max - range.Min;
        float scale = Step(float.IsInfinity(extent) ? (double)range.Max - range.Min : extent, format.Levels - 1);
        float lowest = MathF.Round(range.Min / scale, MidpointRounding.ToEven);
        return (scale, (int)Math.Clamp(format.MinCode - (double)lowest, format.MinCode, format.MaxCode));
    }

    /// <summary>The scales that put the larger magnitude of each range on <paramref name="level"/>; for codebooks.</summary>
    internal static QuantizationParameters FromMagnitudes(ReadOnlySpan<ValueRange> ranges, float level)
    {
        float[] scales = new float[ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
        {
            scales[i] = Step(ranges[i].MaxMagnitude, level);
        }

        return new QuantizationParameters(scales);
    }

    /// <summary>extent / steps. The double quotient of two floats rounds to the same float as their exact quotient.</summary>
    private static float Step(double extent, double steps) =>
        extent == 0 ? 1 : Math.Clamp((float)(extent / steps), SmallestScale, float.MaxValue);
}
