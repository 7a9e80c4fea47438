using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Onnx;

/// <summary>A range that is tried for a block of eight outputs, a lane each.</summary>
/// <param name="scale">The scales.</param>
/// <param name="zeroPoint">The zero points.</param>
/// <param name="largest">The largest code.</param>
internal readonly struct BlockRange(Vector256<float> scale, Vector256<float> zeroPoint, Vector256<float> largest)
{
    private readonly Vector256<float> _inverse = Vector256<float>.One / scale;
    private readonly Vector256<float> _low = -zeroPoint;
    private readonly Vector256<float> _high = largest - zeroPoint;

    /// <summary>The scales.</summary>
    public Vector256<float> Scale { get; } = scale;

    /// <summary>The zero points.</summary>
    public Vector256<float> ZeroPoint { get; } = zeroPoint;

    /// <summary>What the nearest codes of weights stand for, minus the weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> ErrorOf(Vector256<float> weight) =>
        Vector256.MinNative(Vector256.MaxNative(Vector256.Round(weight * _inverse), _low), _high) * Scale - weight;
}
