using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Turns a run of accumulators into codes.</summary>
/// <param name="source">The accumulators.</param>
/// <param name="codes">Receives the codes.</param>
/// <param name="count">How many.</param>
/// <param name="multiplier">The multiplier of all, where <paramref name="multipliers"/> is null.</param>
/// <param name="multipliers">A multiplier for each element, readable to the end of the last whole step.</param>
/// <param name="zeroPoint">The code of real 0.</param>
/// <param name="format">The interval of codes.</param>
internal readonly unsafe struct RequantizeRun<TCode>(
    int* source, TCode* codes, nint count, float multiplier, float* multipliers, int zeroPoint, CodeFormat format) : IWidthAction
    where TCode : unmanaged
{
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        nint whole = multipliers == null ? count : count / (4 * TSimd.Count) * (4 * TSimd.Count);
        Driver.Run(new RequantizeMap<TSimd, TFloats, TInts, TCode>(
            multiplier, multipliers, zeroPoint, format.MinCode, format.MaxCode), source, codes, 0, whole);
        if (whole == count)
        {
            return;
        }

        // The last step reads its multipliers from a buffer that is long enough.
        float* last = stackalloc float[4 * TSimd.Count];
        new ReadOnlySpan<float>(multipliers + whole, (int)(count - whole)).CopyTo(new Span<float>(last, 4 * TSimd.Count));
        Driver.Run(new RequantizeMap<TSimd, TFloats, TInts, TCode>(
            0, last, zeroPoint, format.MinCode, format.MaxCode), source + whole, codes + whole, 0, count - whole);
    }
}
