using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The affine mapping over tensors, and over elements that share a mapping.</summary>
internal static unsafe class UniformKernels
{
    /// <summary>
    /// Quantizes the elements of a tensor from <paramref name="from"/> to before <paramref name="to"/>; packed codes start at an even one.
    /// </summary>
    public static void Quantize<TValue>(TValue* source, byte* codes, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TValue : unmanaged
    {
        LaneSource lanes = new(table, layout);
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                Quantize(source, (sbyte*)codes, layout, from, to, &lanes);
                break;
            case CodeType.UInt8:
                Quantize(source, codes, layout, from, to, &lanes);
                break;
            case CodeType.Int16:
                Quantize(source, (short*)codes, layout, from, to, &lanes);
                break;
            case CodeType.UInt16:
                Quantize(source, (ushort*)codes, layout, from, to, &lanes);
                break;
            case CodeType.Int32:
                Quantize(source, (int*)codes, layout, from, to, &lanes);
                break;
            case CodeType.Int4:
                Quantize(source, (SignedPair*)codes, layout, from, to, &lanes);
                break;
            default:
                Quantize(source, (UnsignedPair*)codes, layout, from, to, &lanes);
                break;
        }

        GC.KeepAlive(table);
    }

    /// <summary>Dequantizes the elements of a tensor from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void Dequantize(byte* codes, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        LaneSource lanes = new(table, layout);
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                Dequantize((sbyte*)codes, destination, layout, from, to, &lanes);
                break;
            case CodeType.UInt8:
                Dequantize(codes, destination, layout, from, to, &lanes);
                break;
            case CodeType.Int16:
                Dequantize((short*)codes, destination, layout, from, to, &lanes);
                break;
            case CodeType.UInt16:
                Dequantize((ushort*)codes, destination, layout, from, to, &lanes);
                break;
            case CodeType.Int32:
                Dequantize((int*)codes, destination, layout, from, to, &lanes);
                break;
            case CodeType.Int4:
                Dequantize((SignedPair*)codes, destination, layout, from, to, &lanes);
                break;
            default:
                Dequantize((UnsignedPair*)codes, destination, layout, from, to, &lanes);
                break;
        }

        GC.KeepAlive(table);
    }

    /// <summary>Quantizes and dequantizes the elements of a tensor from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void FakeQuantize(float* source, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        LaneSource lanes = new(table, layout);
        switch (table.Format.StorageBits)
        {
            case <= 8:
                FakeQuantize<sbyte>(source, destination, layout, from, to, &lanes);
                break;
            case 16:
                FakeQuantize<short>(source, destination, layout, from, to, &lanes);
                break;
            default:
                FakeQuantize<int>(source, destination, layout, from, to, &lanes);
                break;
        }

        GC.KeepAlive(table);
    }

    /// <summary>Quantizes elements that share a mapping.</summary>
    public static void Quantize<TValue, TCode>(TValue* source, TCode* codes, nint count, MappingParameters mapping, CodeFormat format)
        where TValue : unmanaged
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        Quantize(source, codes, RunLayout.OneRun(count), 0, count, &lanes);
    }

    /// <summary>Dequantizes elements that share a mapping.</summary>
    public static void Dequantize<TCode>(TCode* codes, float* destination, nint count, MappingParameters mapping, CodeFormat format)
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        Dequantize(codes, destination, RunLayout.OneRun(count), 0, count, &lanes);
    }

    /// <summary>Quantizes and dequantizes elements that share a mapping.</summary>
    public static void FakeQuantize<TCode>(float* source, float* destination, nint count, MappingParameters mapping, CodeFormat format)
        where TCode : unmanaged
    {
        LaneSource lanes = new(&mapping, format);
        FakeQuantize<TCode>(source, destination, RunLayout.OneRun(count), 0, count, &lanes);
    }

    private static void Quantize<TValue, TCode>(TValue* source, TCode* codes, in RunLayout layout, nint from, nint to, LaneSource* lanes)
        where TValue : unmanaged
        where TCode : unmanaged =>
        Width.Invoke(new MapRange<TValue, float, TCode, QuantizeOperation<TCode>>(source, codes, layout, from, to, lanes));

    private static void Dequantize<TCode>(TCode* codes, float* destination, in RunLayout layout, nint from, nint to, LaneSource* lanes)
        where TCode : unmanaged =>
        Width.Invoke(new MapRange<TCode, TCode, float, DequantizeOperation<TCode>>(codes, destination, layout, from, to, lanes));

    private static void FakeQuantize<TCode>(float* source, float* destination, in RunLayout layout, nint from, nint to, LaneSource* lanes)
        where TCode : unmanaged =>
        Width.Invoke(new MapRange<float, float, float, FakeQuantizeOperation<TCode>>(source, destination, layout, from, to, lanes));
}
