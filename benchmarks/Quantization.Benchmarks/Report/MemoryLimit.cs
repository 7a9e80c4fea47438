using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Benchmarks.Report;

/// <summary>Loops that read and write what an operation must, and compute next to nothing: how fast memory allows it to be.</summary>
internal static unsafe class MemoryLimit
{
    /// <summary>Reads four bytes for each one written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(byte* source, byte* destination, nint count, bool nonTemporal)
    {
        for (nint i = 0; i + 64 <= count; i += 64)
        {
            Vector512<byte> value = Vector512.Load(source + 4 * i) ^ Vector512.Load(source + 4 * i + 64)
                ^ Vector512.Load(source + 4 * i + 128) ^ Vector512.Load(source + 4 * i + 192);
            if (nonTemporal)
            {
                value.StoreAlignedNonTemporal(destination + i);
            }
            else
            {
                value.Store(destination + i);
            }
        }
    }

    /// <summary>Writes four bytes for each one read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(byte* source, byte* destination, nint count, bool nonTemporal)
    {
        for (nint i = 0; i + 64 <= count; i += 64)
        {
            Vector512<byte> value = Vector512.Load(source + i);
            for (nint part = 0; part < 256; part += 64)
            {
                if (nonTemporal)
                {
                    value.StoreAlignedNonTemporal(destination + 4 * i + part);
                }
                else
                {
                    value.Store(destination + 4 * i + part);
                }
            }
        }
    }

    /// <summary>Writes what it reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(byte* source, byte* destination, nint bytes, bool nonTemporal)
    {
        for (nint i = 0; i + 64 <= bytes; i += 64)
        {
            Vector512<byte> value = Vector512.Load(source + i);
            if (nonTemporal)
            {
                value.StoreAlignedNonTemporal(destination + i);
            }
            else
            {
                value.Store(destination + i);
            }
        }
    }

    /// <summary>Reads two streams.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte Read(byte* first, byte* second, nint bytes)
    {
        Vector512<byte> a = default;
        Vector512<byte> b = default;
        Vector512<byte> c = default;
        Vector512<byte> d = default;
        for (nint i = 0; i + 128 <= bytes; i += 128)
        {
            a ^= Vector512.Load(first + i);
            b ^= Vector512.Load(first + i + 64);
            c ^= Vector512.Load(second + i);
            d ^= Vector512.Load(second + i + 64);
        }

        return (a ^ b ^ c ^ d)[0];
    }
}
