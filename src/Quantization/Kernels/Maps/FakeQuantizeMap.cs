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
        TFloats first = TSimd.Load(source);
        TFloats second = TSimd.Load(source + TSimd.Count);
        TFloats third = TSimd.Load(source + 2 * TSimd.Count);
        TFloats fourth = TSimd.Load(source + 3 * TSimd.Count);
        if (TSimd.HasNaN(first, second, third, fourth))
        {
            first = TSimd.ZeroWhereNaN(first);
            second = TSimd.ZeroWhereNaN(second);
            third = TSimd.ZeroWhereNaN(third);
            fourth = TSimd.ZeroWhereNaN(fourth);
        }

        first = Value(first, index, 0);
        second = Value(second, index, TSimd.Count);
        third = Value(third, index, 2 * TSimd.Count);
        fourth = Value(fourth, index, 3 * TSimd.Count);
        TSimd.Store<TStores>(first, destination);
        TSimd.Store<TStores>(second, destination + TSimd.Count);
        TSimd.Store<TStores>(third, destination + 2 * TSimd.Count);
        TSimd.Store<TStores>(fourth, destination + 3 * TSimd.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TFloats Value(TFloats source, nint index, int offset)
    {
        TFloats value = TSimd.Max(
            lanes.Get(MappingField.Low, index, offset), TSimd.Min(lanes.Get(MappingField.High, index, offset), source));

        TFloats code = TSimd.RoundToSingle<TCode>(TSimd.Quotient<TCode, TLanes>(value, lanes, index, offset));
        return TSimd.Multiply(code, lanes.Get(MappingField.Scale, index, offset));
    }
}
