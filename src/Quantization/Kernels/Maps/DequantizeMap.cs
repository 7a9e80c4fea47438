using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary><c>value = (code − zeroPoint) · scale</c>, for codes whose difference fits 32 bits.</summary>
internal readonly unsafe struct DequantizeMap<TSimd, TFloats, TInts, TLanes, TCode>(TLanes lanes) : IMap<TCode, float>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TLanes : struct, ILanes<TFloats, TInts>
    where TCode : unmanaged
{
    public static int Step => 4 * TSimd.Count;

    public static bool KeepsSteps => TLanes.KeepSteps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Invoke<TStores>(TCode* source, float* destination, nint index)
        where TStores : struct, IStores
    {
        TSimd.LoadWidened(source, out TInts first, out TInts second, out TInts third, out TInts fourth);
        Store<TStores>(first, destination, index, 0);
        Store<TStores>(second, destination, index, TSimd.Count);
        Store<TStores>(third, destination, index, 2 * TSimd.Count);
        Store<TStores>(fourth, destination, index, 3 * TSimd.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store<TStores>(TInts codes, float* destination, nint index, int offset)
        where TStores : struct, IStores
    {
        TSimd.Store<TStores>(
            TSimd.Multiply(
                TSimd.ToSingle(TSimd.Subtract(codes, lanes.ZeroPoint(index, offset))), lanes.Get(MappingField.Scale, index, offset)),
            destination + offset);
    }
}
