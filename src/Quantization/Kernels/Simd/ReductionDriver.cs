using System.Runtime.CompilerServices;

namespace Quantization.Kernels.Simd;

/// <summary>Walks a reduction over memory: the only loop over elements that reductions have.</summary>
internal static unsafe class ReductionDriver
{
    /// <summary>Reduces at least one value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TReduction Run<TSimd, TFloats, TInts, TReduction>(float* source, nint count)
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
        where TReduction : struct, IReduction<TReduction, TFloats>
    {
        // Four summaries hide the latency of each, and two read streams keep the prefetchers busy.
        nint half = count / (4 * TSimd.Count) * (2 * TSimd.Count);
        TReduction first = TReduction.Of(TSimd.Broadcast(*source));
        TReduction second = first;
        TReduction third = first;
        TReduction fourth = first;
        for (nint i = 0; i < half; i += 2 * TSimd.Count)
        {
            float* upper = source + half + i;
            first = TReduction.Combine(first, TReduction.Of(TSimd.Load(source + i)));
            second = TReduction.Combine(second, TReduction.Of(TSimd.Load(source + i + TSimd.Count)));
            third = TReduction.Combine(third, TReduction.Of(TSimd.Load(upper)));
            fourth = TReduction.Combine(fourth, TReduction.Of(TSimd.Load(upper + TSimd.Count)));
        }

        for (nint i = 2 * half; i < count; i++)
        {
            first = TReduction.Combine(first, TReduction.Of(TSimd.Broadcast(source[i])));
        }

        return TReduction.Combine(TReduction.Combine(first, second), TReduction.Combine(third, fourth));
    }
}
