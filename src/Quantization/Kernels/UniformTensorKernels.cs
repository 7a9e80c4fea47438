using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The affine mapping over a range of a tensor's elements, by the type of their codes.</summary>
internal static unsafe class UniformTensorKernels
{
    /// <summary>Quantizes the elements from <paramref name="from"/> to before <paramref name="to"/>; packed codes start at an even one.</summary>
    public static void Quantize<TValue>(TValue* source, byte* codes, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TValue : unmanaged
    {
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                Width.Invoke(new QuantizeRange<TValue, sbyte>(source, (sbyte*)codes, layout, from, to, table));
                break;
            case CodeType.UInt8:
                Width.Invoke(new QuantizeRange<TValue, byte>(source, codes, layout, from, to, table));
                break;
            case CodeType.Int16:
                Width.Invoke(new QuantizeRange<TValue, short>(source, (short*)codes, layout, from, to, table));
                break;
            case CodeType.UInt16:
                Width.Invoke(new QuantizeRange<TValue, ushort>(source, (ushort*)codes, layout, from, to, table));
                break;
            case CodeType.Int32:
                Width.Invoke(new QuantizeRange<TValue, int>(source, (int*)codes, layout, from, to, table));
                break;
            case CodeType.Int4:
                Width.Invoke(new QuantizeRange<TValue, SignedPair>(source, (SignedPair*)codes, layout, from, to, table));
                break;
            default:
                Width.Invoke(new QuantizeRange<TValue, UnsignedPair>(source, (UnsignedPair*)codes, layout, from, to, table));
                break;
        }
    }

    /// <summary>Dequantizes the elements from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void Dequantize(byte* codes, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                Width.Invoke(new DequantizeRange<sbyte>((sbyte*)codes, destination, layout, from, to, table));
                break;
            case CodeType.UInt8:
                Width.Invoke(new DequantizeRange<byte>(codes, destination, layout, from, to, table));
                break;
            case CodeType.Int16:
                Width.Invoke(new DequantizeRange<short>((short*)codes, destination, layout, from, to, table));
                break;
            case CodeType.UInt16:
                Width.Invoke(new DequantizeRange<ushort>((ushort*)codes, destination, layout, from, to, table));
                break;
            case CodeType.Int32:
                Width.Invoke(new DequantizeRange<int>((int*)codes, destination, layout, from, to, table));
                break;
            case CodeType.Int4:
                Width.Invoke(new DequantizeRange<SignedPair>((SignedPair*)codes, destination, layout, from, to, table));
                break;
            default:
                Width.Invoke(new DequantizeRange<UnsignedPair>((UnsignedPair*)codes, destination, layout, from, to, table));
                break;
        }
    }

    /// <summary>Quantizes and dequantizes the elements from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void FakeQuantize(float* source, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        switch (table.Format.StorageBits)
        {
            case <= 8:
                Width.Invoke(new FakeQuantizeRange<sbyte>(source, destination, layout, from, to, table));
                break;
            case 16:
                Width.Invoke(new FakeQuantizeRange<short>(source, destination, layout, from, to, table));
                break;
            default:
                Width.Invoke(new FakeQuantizeRange<int>(source, destination, layout, from, to, table));
                break;
        }
    }

    /// <summary>Makes stores past the caches visible, where there were any.</summary>
    public static void FenceAfter(bool pastCaches)
    {
        if (pastCaches)
        {
            Driver.Fence();
        }
    }

    /// <summary>Copies the values of a part of a run, not longer than a tile, ready for a kernel.</summary>
    public static void FillTile<TValue, TCode>(TValue* source, Run part, ParameterLookup lookup, ParameterTable table, float* tile)
        where TValue : unmanaged
        where TCode : unmanaged
    {
        int length = (int)part.Count;
        ValueTiles.Fill(source + part.Start, length, tile);
        if (!table.NeedsPrescale || typeof(TCode) == typeof(int))
        {
            return;
        }

        if (lookup == ParameterLookup.PerElement)
        {
            ValueTiles.Prescale(tile, length, table.Prescales.AsSpan((int)part.Parameter));
        }
        else
        {
            ValueTiles.Prescale(tile, length, table.Prescales[part.Parameter]);
        }
    }
}
