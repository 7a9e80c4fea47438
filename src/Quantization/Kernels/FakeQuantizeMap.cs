using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary><c>round(clamp(value) / divisor) · scale</c>: quantize and dequantize, where the zero-point cancels.</summary>
internal readonly unsafe struct FakeQuantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(TLanes lanes) : IMap<float, float>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TLanes : struct, ILanes<TFloats, TInts>
    where TCode : unmanaged
{
    public static int Step => 4 * TSimd.Count;

    public static bool KeepsSteps => TLanes.KeepSteps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TStores>(float* source, float* destination, nint index)
        where TStores : struct, IStores
    {
        TFloats first = Value(source, index, 0);
        TFloats second = Value(source, index, TSimd.Count);
        TFloats third = Value(source, index, 2 * TSimd.Count);
        TFloats fourth = Value(source, index, 3 * TSimd.Count);
        TSimd.Store<TStores>(first, destination);
        TSimd.Store<TStores>(second, destination + TSimd.Count);
        TSimd.Store<TStores>(third, destination + 2 * TSimd.Count);
        TSimd.Store<TStores>(fourth, destination + 3 * TSimd.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TFloats Value(float* source, nint index, int offset)
    {
        TFloats value = TSimd.Max(lanes.Low(index, offset), TSimd.Min(lanes.High(index, offset), TSimd.Load(source + offset)));

        TFloats code = TSimd.RoundToSingle<TCode>(TSimd.Quotient<TCode, TLanes>(value, lanes, index, offset));
        return TSimd.Multiply(code, lanes.Scale(index, offset));
    }
}
