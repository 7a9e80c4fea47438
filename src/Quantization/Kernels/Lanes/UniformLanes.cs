using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>One mapping for all elements, held in registers.</summary>
internal readonly unsafe struct UniformLanes<TSimd, TFloats, TInts>(MappingParameters* parameters) : ILanes<TFloats, TInts>
    where TSimd : struct, ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    private readonly TFloats _scale = TSimd.Broadcast(parameters->Scale);
    private readonly TFloats _divisor = TSimd.Broadcast(parameters->Divisor);
    private readonly TFloats _reciprocal = TSimd.Broadcast(parameters->Reciprocal);
    private readonly TFloats _reciprocalError = TSimd.Broadcast(parameters->ReciprocalError);
    private readonly TFloats _low = TSimd.Broadcast(parameters->Low);
    private readonly TFloats _high = TSimd.Broadcast(parameters->High);
    private readonly TInts _zeroPoint = TSimd.Broadcast(parameters->ZeroPoint);
    private readonly TInts _zeroPointBytes = TSimd.Broadcast(parameters->ZeroPointBytes);

    public static bool KeepSteps => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TFloats Get(MappingField field, nint index, int offset) => field switch
    {
        MappingField.Scale => _scale,
        MappingField.Divisor => _divisor,
        MappingField.Reciprocal => _reciprocal,
        MappingField.ReciprocalError => _reciprocalError,
        MappingField.Low => _low,
        _ => _high,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPoint(nint index, int offset) => _zeroPoint;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TInts ZeroPointBytes(nint index) => _zeroPointBytes;
}
