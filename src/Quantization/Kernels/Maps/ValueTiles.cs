using System.Numerics.Tensors;

namespace Quantization.Kernels;

/// <summary>
/// Values that must be changed before a kernel takes them: <see cref="Half"/> becomes float, and values of extreme scales are multiplied by
/// a power of two. Done a tile at a time in the first-level cache.
/// </summary>
internal static unsafe class ValueTiles
{
    /// <summary>The elements of a tile: 8 KB, which leaves room for the tile's codes beside it.</summary>
    public const int Length = 2048;

    /// <summary>Copies values into <paramref name="tile"/> as floats.</summary>
    public static void Fill<TValue>(TValue* source, int count, float* tile)
        where TValue : unmanaged
    {
        if (typeof(TValue) == typeof(Half))
        {
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, count), new Span<float>(tile, count));
        }
        else
        {
            new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(tile, count));
        }
    }

    /// <summary>Multiplies the values of a tile by the power of two of their scales.</summary>
    public static void Prescale(float* tile, int count, float prescale)
    {
        Span<float> values = new(tile, count);
        TensorPrimitives.Multiply(values, prescale, values);
    }

    /// <summary>Multiplies the values of a tile by the powers of two of their scales, one each.</summary>
    public static void Prescale(float* tile, int count, MappingParameters* mappings)
    {
        for (int i = 0; i < count; i++)
        {
            tile[i] *= mappings[i].Prescale;
        }
    }
}
