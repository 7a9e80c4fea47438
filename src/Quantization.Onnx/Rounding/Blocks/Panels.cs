namespace Quantization.Onnx;

/// <summary>Lays columns of matrices side by side as <see cref="TileKernel"/> reads them fast.</summary>
internal static class Panels
{
    /// <summary>The smallest multiple of a tile's columns that is not below a length.</summary>
    public static int RoundUp(int length) => (length + TileKernel.Columns - 1) / TileKernel.Columns * TileKernel.Columns;

    /// <summary>
    /// Copies columns of rows into panels: for each group of columns one row behind another. What lies past the last column is 0.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="stride">How far they are apart.</param>
    /// <param name="count">Their number.</param>
    /// <param name="columns">The columns that are taken.</param>
    /// <param name="width">The columns of a panel.</param>
    /// <param name="panels">Gets the panels.</param>
    public static void Pack(ReadOnlySpan<float> rows, int stride, int count, int columns, int width, Span<float> panels)
    {
        int padded = (columns + width - 1) / width * width;
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> source = rows.Slice(row * stride, columns);
            for (int first = 0; first < padded; first += width)
            {
                Span<float> destination = panels.Slice(first * count + row * width, width);
                int present = Math.Min(width, columns - first);
                source.Slice(first, present).CopyTo(destination);
                destination[present..].Clear();
            }
        }
    }
}
