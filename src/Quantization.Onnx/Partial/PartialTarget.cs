using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// What partial quantization is to reach: a figure of the metric with as few layers in float as possible, or the best figure within a
/// latency. Immutable.
/// </summary>
public sealed class PartialTarget
{
    private PartialTarget(PartialTargetKind kind, double value)
    {
        Kind = kind;
        Value = value;
    }

    /// <summary>What <see cref="Value"/> means.</summary>
    public PartialTargetKind Kind { get; }

    /// <summary>The loss, figure or ratio.</summary>
    public double Value { get; }

    /// <summary>The metric may be worse than the float model's by so much, in its own unit: 0.005 of accuracy is half a point.</summary>
    /// <param name="loss">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="loss"/> is negative, NaN or infinite.</exception>
    public static PartialTarget MaxLoss(double loss) =>
        new(PartialTargetKind.MaxLoss, ThrowUnless(loss, loss >= 0, "0 or more", nameof(loss)));

    /// <summary>The metric must reach a figure of its own: at least that, or at most where smaller is better.</summary>
    /// <param name="score">Any number.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="score"/> is NaN or infinite.</exception>
    public static PartialTarget Reach(double score) => new(PartialTargetKind.Reach, ThrowUnless(score, true, "a number", nameof(score)));

    /// <summary>
    /// The best figure with a median latency of at most so many times that of the model with all layers quantized, on one thread of this
    /// machine.
    /// </summary>
    /// <param name="ratio">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ratio"/> is below 1, NaN or infinite.</exception>
    public static PartialTarget MaxLatencyRatio(double ratio) =>
        new(PartialTargetKind.MaxLatencyRatio, ThrowUnless(ratio, ratio >= 1, "1 or more", nameof(ratio)));

    /// <summary>The target in words: <c>a loss of at most 0.005</c>.</summary>
    public override string ToString() => Describe(Kind, Value);

    /// <summary>A target in words.</summary>
    internal static string Describe(PartialTargetKind kind, double value) => kind switch
    {
        PartialTargetKind.MaxLoss => string.Create(CultureInfo.InvariantCulture, $"a loss of at most {value:0.######}"),
        PartialTargetKind.Reach => string.Create(CultureInfo.InvariantCulture, $"a figure of {value:0.######}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"at most {value:0.###} times the int8 latency"),
    };

    private static double ThrowUnless(double value, bool isPossible, string wanted, string name) => isPossible && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"The target must be {wanted}.");
}
