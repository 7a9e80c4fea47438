using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>A mapping for each element, loaded from the columns of a table.</summary>
/// <param name="table">The columns.</param>
/// <param name="places">Where the mappings of a step begin.</param>
internal readonly unsafe struct ColumnLanes<TSimd, TFloats, TInts, TPlace>(ParameterPointers table, TPlace places) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
    where TPlace : struct, IColumnPlace
{
    public static bool KeepSteps => TPlace.KeepsSteps;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Get(MappingField field, nint index, int offset) => TSimd.Load(table.Column(field) + places.Of(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => TSimd.Load(table.ZeroPoints + places.Of(index) + offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => TSimd.Load((int*)(table.ZeroPointBytes + places.Of(index)));
}
