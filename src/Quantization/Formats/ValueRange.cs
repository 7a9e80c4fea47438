using System.Globalization;

namespace Quantization;

/// <summary>A closed interval of real values, the β … α of calibration. <c>default</c> is the range [0, 0].</summary>
public readonly record struct ValueRange
{
    /// <summary>Makes the range <c>[min, max]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A bound is NaN or infinite, or <paramref name="min"/> lies above <paramref name="max"/>.
    /// </exception>
    public ValueRange(float min, float max)
    {
        if (!float.IsFinite(min))
        {
            throw new ArgumentOutOfRangeException(nameof(min), min, "A range needs finite bounds.");
        }

        if (!float.IsFinite(max) || max < min)
        {
            throw new ArgumentOutOfRangeException(
                nameof(max),
                max,
                string.Create(CultureInfo.InvariantCulture, $"The upper bound must be finite and at least the lower bound, {min:R}."));
        }

        Min = min;
        Max = max;
    }

    /// <summary>The lower end, β.</summary>
    public float Min { get; }

    /// <summary>The upper end, α.</summary>
    public float Max { get; }

    /// <summary>The larger magnitude of the two ends.</summary>
    public float MaxMagnitude => MathF.Max(MathF.Abs(Min), MathF.Abs(Max));

    /// <summary>The range <c>[−magnitude, magnitude]</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="magnitude"/> is negative, NaN or infinite.</exception>
    public static ValueRange Symmetric(float magnitude) => new(-magnitude, magnitude);

    /// <summary>The smallest range that contains this one and 0: real 0 must have a code.</summary>
    public ValueRange IncludingZero() => new(MathF.Min(Min, 0), MathF.Max(Max, 0));

    /// <summary>For example <c>[-1.5, 2]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Min:R}, {Max:R}]");
}
