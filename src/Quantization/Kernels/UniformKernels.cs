using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The affine mapping over the runs of a tensor: finds each run's parameters, and lets values that need it go through tiles.</summary>
internal static unsafe class UniformKernels
{
    /// <summary>Quantizes elements that share a mapping.</summary>
    public static void Quantize<TValue, TCode>(TValue* source, TCode* codes, nint count, MappingParameters mapping, CodeFormat format)
        where TValue : unmanaged
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        if (IsPlain<TValue, TCode>(mapping.Prescale != 1))
        {
            Width.Invoke(new QuantizeRun<TCode>((float*)source, codes, 0, count, &lanes));
            return;
        }

        float* tile = stackalloc float[ValueTiles.Length];
        for (nint i = 0; i < count; i += ValueTiles.Length)
        {
            int length = (int)Math.Min(ValueTiles.Length, count - i);
            FillTile<TValue, TCode>(source + i, length, mapping.Prescale, tile);
            Width.Invoke(new QuantizeRun<TCode>(tile, Advance(codes, i), 0, length, &lanes));
        }
    }

    /// <summary>Quantizes and dequantizes elements that share a mapping.</summary>
    public static void FakeQuantize<TCode>(float* source, float* destination, nint count, MappingParameters mapping, CodeFormat format)
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        if (IsPlain<float, TCode>(mapping.Prescale != 1))
        {
            Width.Invoke(new FakeQuantizeRun<TCode>(source, destination, 0, count, &lanes));
            return;
        }

        float* tile = stackalloc float[ValueTiles.Length];
        for (nint i = 0; i < count; i += ValueTiles.Length)
        {
            int length = (int)Math.Min(ValueTiles.Length, count - i);
            FillTile<float, TCode>(source + i, length, mapping.Prescale, tile);
            Width.Invoke(new FakeQuantizeRun<TCode>(tile, destination + i, 0, length, &lanes));
        }
    }

    /// <summary>Dequantizes elements that share a mapping.</summary>
    public static void Dequantize<TCode>(TCode* codes, float* destination, nint count, MappingParameters mapping, CodeFormat format)
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        Width.Invoke(new DequantizeRun<TCode>(codes, destination, 0, count, &lanes));
    }

    /// <summary>Whether values go to the kernel as they are. 32-bit codes divide by the scale itself.</summary>
    public static bool IsPlain<TValue, TCode>(bool needsPrescale) => typeof(TValue) == typeof(float) && (!needsPrescale || typeof(TCode) == typeof(int));

    /// <summary>The address of an element, where two packed codes have one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TCode* Advance<TCode>(TCode* codes, nint elements)
        where TCode : unmanaged => typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair) ? codes + elements / 2 : codes + elements;

    private static void FillTile<TValue, TCode>(TValue* source, int length, float prescale, float* tile)
        where TValue : unmanaged
        where TCode : unmanaged
    {
        ValueTiles.Fill(source, length, tile);
        if (prescale != 1 && typeof(TCode) != typeof(int))
        {
            ValueTiles.Prescale(tile, length, prescale);
        }
    }
}
