using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.Codebooks;

/// <summary>
/// Cuts the total order of floats into intervals of equal key length and remembers how many thresholds lie below each. An interval holds at
/// most <see cref="ThresholdsPerInterval"/> thresholds, so a cell is found by one table look-up and that many comparisons, without a
/// branch.
/// </summary>
internal sealed class ThresholdGrid
{
    /// <summary>Intervals of 2²³ keys are whole binades.</summary>
    private const int CoarsestShift = 23;

    /// <summary>2¹⁷ intervals at most: 256 KiB, of which the values seen touch a few.</summary>
    private const int FinestShift = 15;

    private readonly ushort[] _thresholdsBelow;
    private readonly int[] _keys;
    private readonly byte[] _codes;
    private readonly int _shift;

    private ThresholdGrid(ushort[] thresholdsBelow, int[] keys, byte[] codes, int shift, int thresholdsPerInterval)
    {
        _thresholdsBelow = thresholdsBelow;
        _keys = keys;
        _codes = codes;
        _shift = shift;
        ThresholdsPerInterval = thresholdsPerInterval;
    }

    /// <summary>The most thresholds that share an interval: 1 unless thresholds lie within 2⁻⁸ of each other.</summary>
    public int ThresholdsPerInterval { get; }

    /// <summary>
    /// The coarsest grid that tells all <paramref name="keys"/> apart, or the finest there is; with the code of each cell between them.
    /// </summary>
    public static ThresholdGrid Create(int[] keys, byte[] codes)
    {
        int shift = CoarsestShift;
        while (shift > FinestShift && MostPerInterval(keys, shift) > 1)
        {
            shift--;
        }

        ushort[] thresholdsBelow = new ushort[1 << (32 - shift)];
        int below = 0;
        for (int interval = 0; interval < thresholdsBelow.Length; interval++)
        {
            while (below < keys.Length && IntervalOf(keys[below], shift) < (uint)interval)
            {
                below++;
            }

            thresholdsBelow[interval] = (ushort)below;
        }

        // The comparisons of the last interval read past the last key, and the largest of all floats' keys passes even the padding: the
        // last code stands there as well.
        int perInterval = MostPerInterval(keys, shift);
        int[] paddedKeys = new int[keys.Length + perInterval];
        byte[] paddedCodes = new byte[codes.Length + perInterval];
        Array.Fill(paddedKeys, int.MaxValue);
        Array.Fill(paddedCodes, codes[^1]);
        keys.CopyTo(paddedKeys, 0);
        codes.CopyTo(paddedCodes, 0);
        return new ThresholdGrid(thresholdsBelow, paddedKeys, paddedCodes, shift, perInterval);
    }

    /// <summary>Writes the code of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Quantize(ReadOnlySpan<float> values, Span<byte> codes)
    {
        ref float value = ref MemoryMarshal.GetReference(values);
        ref byte code = ref MemoryMarshal.GetReference(codes);
        ref byte cellCode = ref MemoryMarshal.GetArrayDataReference(_codes);
        ref ushort below = ref MemoryMarshal.GetArrayDataReference(_thresholdsBelow);
        ref int keys = ref MemoryMarshal.GetArrayDataReference(_keys);
        int shift = _shift;
        int perInterval = ThresholdsPerInterval;
        for (nint i = 0; i < values.Length; i++)
        {
            int key = TotalOrder.Key(Unsafe.As<float, int>(ref Unsafe.Add(ref value, i)));
            nint cell = Unsafe.Add(ref below, (nint)IntervalOf(key, shift));
            cell += IsReached(key, Unsafe.Add(ref keys, cell));
            for (int further = 1; further < perInterval; further++)
            {
                cell += IsReached(key, Unsafe.Add(ref keys, cell));
            }

            Unsafe.Add(ref code, i) = Unsafe.Add(ref cellCode, cell);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint IntervalOf(int key, int shift) => ((uint)key ^ 0x80000000) >> shift;

    /// <summary>
    /// 1 where <paramref name="key"/> is at or above <paramref name="threshold"/>, else 0, without a branch: which it is, no processor can
    /// foresee.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint IsReached(int key, int threshold) => (nint)((ulong)((long)threshold - 1 - key) >> 63);

    private static int MostPerInterval(int[] keys, int shift)
    {
        int most = 1;
        for (int first = 0, i = 0; i < keys.Length; i++)
        {
            first = IntervalOf(keys[first], shift) == IntervalOf(keys[i], shift) ? first : i;
            most = Math.Max(most, i - first + 1);
        }

        return most;
    }
}
