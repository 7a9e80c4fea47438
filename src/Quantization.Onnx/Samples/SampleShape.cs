using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Shapes as messages show them.</summary>
internal static class SampleShape
{
    /// <summary>The number of elements; null where a length is negative or the product leaves 63 bits.</summary>
    public static long? CountElements(ReadOnlySpan<long> shape)
    {
        Int128 count = 1;
        foreach (long length in shape)
        {
            count *= length;
            if (length < 0 || count > long.MaxValue)
            {
                return null;
            }
        }

        return (long)count;
    }

    /// <summary>For example <c>[1, 28, 28]</c>.</summary>
    public static string Format(ReadOnlySpan<long> shape)
    {
        string[] lengths = new string[shape.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            lengths[i] = shape[i].ToString(CultureInfo.InvariantCulture);
        }

        return $"[{string.Join(", ", lengths)}]";
    }

    /// <summary>A model's shape, where a negative length is free and may have a name: <c>[N, 1, 28, 28]</c>.</summary>
    public static string Format(ReadOnlySpan<int> dimensions, ReadOnlySpan<string> symbols)
    {
        string[] lengths = new string[dimensions.Length];
        for (int i = 0; i < dimensions.Length; i++)
        {
            string symbol = i < symbols.Length && !string.IsNullOrEmpty(symbols[i]) ? symbols[i] : "?";
            lengths[i] = dimensions[i] < 0 ? symbol : dimensions[i].ToString(CultureInfo.InvariantCulture);
        }

        return $"[{string.Join(", ", lengths)}]";
    }
}
