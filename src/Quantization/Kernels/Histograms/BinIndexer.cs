using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// Computes where finite values are counted. |x| / 2^k is |x| times two powers of two, as the reciprocal of a small 2^k is no float; the
/// product is exact, or below 1 and so in bin 0.
/// </summary>
/// <remarks>
/// Bins are one row: positive values at <c>[0, B)</c>, negative ones at <c>[B, 2B)</c>, and after them the slots for zeros, one for each
/// stretch of a piece.
/// </remarks>
internal readonly unsafe struct BinIndexer
{
    private readonly float _scale;
    private readonly float _secondScale;
    private readonly int _binsPerSign;
    private readonly int _signShift;

    public BinIndexer(int exponent, int binsPerSign)
    {
        int half = -exponent / 2;
        _scale = MathF.ScaleB(1, half);
        _secondScale = MathF.ScaleB(1, -exponent - half);
        _binsPerSign = binsPerSign;
        _signShift = BitOperations.Log2((uint)binsPerSign);
    }

    /// <summary>The indices of a piece, or of the first values of one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Index(float* values, int length, int* indices)
    {
        int i = 0;
        if (Vector.IsHardwareAccelerated)
        {
            for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
            {
                IndexOf(Vector.Load(values + i), Vector.Create(ZeroSlot(i))).Store(indices + i);
            }
        }

        for (; i < length; i++)
        {
            indices[i] = values[i] == 0
                ? ZeroSlot(i)
                : (int)(MathF.Abs(values[i]) * _scale * _secondScale) + (values[i] < 0 ? _binsPerSign : 0);
        }
    }

    /// <summary>
    /// The indices of a whole piece, and its scan in the same pass. Where the scan shows a value that fits no bin, the indices mean
    /// nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public HistogramScan IndexAndScan(float* values, int* indices)
    {
        if (!Vector.IsHardwareAccelerated)
        {
            Index(values, HistogramKernels.PieceLength, indices);
            return HistogramScan.Of(new ReadOnlySpan<float>(values, HistogramKernels.PieceLength));
        }

        Vector<float> mins = Vector.Create(float.PositiveInfinity);
        Vector<float> maxs = Vector.Create(float.NegativeInfinity);
        Vector<int> magnitudes = Vector<int>.Zero;
        for (int stretch = 0; stretch < HistogramKernels.PieceLength; stretch += HistogramKernels.StretchLength)
        {
            Vector<int> zeroSlot = Vector.Create(ZeroSlot(stretch));
            for (int i = stretch; i < stretch + HistogramKernels.StretchLength; i += Vector<float>.Count)
            {
                Vector<float> value = Vector.Load(values + i);
                (mins, maxs, magnitudes) = HistogramScan.Fold(value, mins, maxs, magnitudes);
                IndexOf(value, zeroSlot).Store(indices + i);
            }
        }

        return HistogramScan.Of(mins, maxs, magnitudes);
    }

    private int ZeroSlot(int position) => 2 * _binsPerSign + position / HistogramKernels.StretchLength;

    // The sign bit, moved to the place of B, is added to the bin.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector<int> IndexOf(Vector<float> values, Vector<int> zeroSlot)
    {
        Vector<int> bin = Vector.ConvertToInt32Native(Vector.Abs(values) * _scale * _secondScale);
        Vector<int> side = (values.As<float, uint>() >>> 31 << _signShift).As<uint, int>();
        return Vector.ConditionalSelect(Vector.Equals(values, Vector<float>.Zero), zeroSlot, bin | side);
    }
}
