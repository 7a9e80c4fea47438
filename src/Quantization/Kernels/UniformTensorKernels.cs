using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The affine mapping over a range of a tensor's elements, run by run.</summary>
internal static unsafe class UniformTensorKernels
{
    /// <summary>Quantizes the elements from <paramref name="from"/> to before <paramref name="to"/>; packed codes start at an even one.</summary>
    public static void Quantize<TValue>(TValue* source, byte* codes, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TValue : unmanaged
    {
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                QuantizeAs(source, (sbyte*)codes, layout, from, to, table);
                break;
            case CodeType.UInt8:
                QuantizeAs(source, codes, layout, from, to, table);
                break;
            case CodeType.Int16:
                QuantizeAs(source, (short*)codes, layout, from, to, table);
                break;
            case CodeType.UInt16:
                QuantizeAs(source, (ushort*)codes, layout, from, to, table);
                break;
            case CodeType.Int32:
                QuantizeAs(source, (int*)codes, layout, from, to, table);
                break;
            case CodeType.Int4:
                QuantizeAs(source, (SignedPair*)codes, layout, from, to, table);
                break;
            default:
                QuantizeAs(source, (UnsignedPair*)codes, layout, from, to, table);
                break;
        }
    }

    /// <summary>Dequantizes the elements from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void Dequantize(byte* codes, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        switch (table.Format.Type)
        {
            case CodeType.Int8:
                DequantizeAs((sbyte*)codes, destination, layout, from, to, table);
                break;
            case CodeType.UInt8:
                DequantizeAs(codes, destination, layout, from, to, table);
                break;
            case CodeType.Int16:
                DequantizeAs((short*)codes, destination, layout, from, to, table);
                break;
            case CodeType.UInt16:
                DequantizeAs((ushort*)codes, destination, layout, from, to, table);
                break;
            case CodeType.Int32:
                DequantizeAs((int*)codes, destination, layout, from, to, table);
                break;
            case CodeType.Int4:
                DequantizeAs((SignedPair*)codes, destination, layout, from, to, table);
                break;
            default:
                DequantizeAs((UnsignedPair*)codes, destination, layout, from, to, table);
                break;
        }
    }

    /// <summary>Quantizes and dequantizes the elements from <paramref name="from"/> to before <paramref name="to"/>.</summary>
    public static void FakeQuantize(float* source, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
    {
        switch (table.Format.StorageBits)
        {
            case <= 8:
                FakeQuantizeAs<sbyte>(source, destination, layout, from, to, table);
                break;
            case 16:
                FakeQuantizeAs<short>(source, destination, layout, from, to, table);
                break;
            default:
                FakeQuantizeAs<int>(source, destination, layout, from, to, table);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeAs<TValue, TCode>(TValue* source, TCode* codes, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TValue : unmanaged
        where TCode : unmanaged
    {
        float* tile = stackalloc float[ValueTiles.Length];
        bool plain = UniformKernels.IsPlain<TValue, TCode>(table.NeedsPrescale);
        bool pastCaches = (void*)source != codes && Driver.ExceedsCaches<TValue, TCode>(to - from);
        for (nint number = layout.RunOf(from); from < to; number++)
        {
            Run run = layout.GetRun(number, from, to);
            from += run.Count;
            if (typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair))
            {
                run = QuantizeUpperHalf(source, (byte*)codes, run, layout, table);
            }

            for (nint done = 0; done < run.Count;)
            {
                nint length = plain ? run.Count : Math.Min(ValueTiles.Length, run.Count - done);
                Run part = layout.Part(run, done, length);
                float* values = (float*)(source + part.Start);
                if (!plain)
                {
                    FillTile<TValue, TCode>(source, part, layout.Lookup, table, tile);
                    values = tile;
                }

                Width.Invoke(new QuantizeRun<TCode>(values, UniformKernels.Advance(codes, part.Start), layout.IndexOf(part), length, LanesOf(part, layout, table), pastCaches));
                done += length;
            }
        }

        FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DequantizeAs<TCode>(TCode* codes, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TCode : unmanaged
    {
        bool pastCaches = (void*)codes != destination && Driver.ExceedsCaches<TCode, float>(to - from);
        for (nint number = layout.RunOf(from); from < to; number++)
        {
            Run run = layout.GetRun(number, from, to);
            from += run.Count;
            if ((typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair)) && run.Start % 2 != 0)
            {
                nint parameter = layout.ParameterOf(run);
                int code = CodeStorage.Read(table.Format.Type, (byte*)codes, run.Start);
                destination[run.Start] = ScalarUniform.Dequantize(code, table.Scales[parameter], table.ZeroPoints[parameter]);
                run = layout.Part(run, 1, run.Count - 1);
            }

            Width.Invoke(new DequantizeRun<TCode>(UniformKernels.Advance(codes, run.Start), destination + run.Start, layout.IndexOf(run), run.Count, LanesOf(run, layout, table), pastCaches));
        }

        FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FakeQuantizeAs<TCode>(float* source, float* destination, in RunLayout layout, nint from, nint to, ParameterTable table)
        where TCode : unmanaged
    {
        float* tile = stackalloc float[ValueTiles.Length];
        bool plain = UniformKernels.IsPlain<float, TCode>(table.NeedsPrescale);
        bool pastCaches = source != destination && Driver.ExceedsCaches<float, float>(to - from);
        for (nint number = layout.RunOf(from); from < to; number++)
        {
            Run run = layout.GetRun(number, from, to);
            from += run.Count;
            for (nint done = 0; done < run.Count;)
            {
                nint length = plain ? run.Count : Math.Min(ValueTiles.Length, run.Count - done);
                Run part = layout.Part(run, done, length);
                float* values = source + part.Start;
                if (!plain)
                {
                    FillTile<float, TCode>(source, part, layout.Lookup, table, tile);
                    values = tile;
                }

                Width.Invoke(new FakeQuantizeRun<TCode>(values, destination + part.Start, layout.IndexOf(part), length, LanesOf(part, layout, table), pastCaches));
                done += length;
            }
        }

        FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }

    /// <summary>Quantizes a first element that lies in the upper half of a byte, and returns the rest of the run.</summary>
    private static Run QuantizeUpperHalf<TValue>(TValue* source, byte* codes, Run run, in RunLayout layout, ParameterTable table)
        where TValue : unmanaged
    {
        if (run.Start % 2 == 0)
        {
            return run;
        }

        float value;
        ValueTiles.Fill(source + run.Start, 1, &value);
        nint parameter = layout.ParameterOf(run);
        CodeStorage.Write(
            table.Format.Type, codes, run.Start, ScalarUniform.Quantize(value, table.Scales[parameter], table.ZeroPoints[parameter], table.Format.MinCode, table.Format.MaxCode));
        return layout.Part(run, 1, run.Count - 1);
    }

    private static void FenceAfter(bool pastCaches)
    {
        if (pastCaches)
        {
            Driver.Fence();
        }
    }

    private static LaneSource LanesOf(Run run, in RunLayout layout, ParameterTable table) => layout.Lookup switch
    {
        ParameterLookup.PerRun => new LaneSource(table[run.Parameter], table.Format),
        ParameterLookup.PerElement => new LaneSource(ParameterLookup.PerElement, table.Pointers.From(run.Parameter), 0, table.Format),
        _ => new LaneSource(ParameterLookup.PerBlock, table.Pointers, layout.BlockShift, table.Format),
    };

    private static void FillTile<TValue, TCode>(TValue* source, Run part, ParameterLookup lookup, ParameterTable table, float* tile)
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
