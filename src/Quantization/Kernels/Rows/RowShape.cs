namespace Quantization.Kernels;

/// <summary>
/// Rows of values that follow one another, in groups that share a scale: all rows, or each row alone. The codes of a row begin at a byte of
/// their own.
/// </summary>
/// <param name="Rows">How many rows there are.</param>
/// <param name="Columns">How many values a row has.</param>
/// <param name="Groups">How many scales there are.</param>
internal readonly record struct RowShape(nint Rows, nint Columns, nint Groups)
{
    /// <summary>How many rows share a scale.</summary>
    public nint RowsOfGroup => Groups == 1 ? Rows : 1;

    /// <summary>Checks that values are whole rows, and that there is one scale for all or one for each.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="ArgumentException">The values are not whole rows, or there is another number of scales.</exception>
    public static RowShape Create(int values, int columns, int scales, string valuesName, string scalesName) =>
        new RowShape(CountRows(values, columns, valuesName), columns, scales).ThrowUnlessScaled(scalesName);

    /// <summary>The same for codes that take <paramref name="rowBytes"/> bytes per row.</summary>
    /// <exception cref="ArgumentException">The bytes are not whole rows, or there is another number of scales.</exception>
    public static RowShape OfBytes(int bytes, int columns, int rowBytes, int scales, string bytesName, string scalesName) =>
        bytes % rowBytes == 0
        ? new RowShape(bytes / rowBytes, columns, scales).ThrowUnlessScaled(scalesName)
        : throw new ArgumentException(
            $"{bytes} bytes are no whole rows: the codes of {columns} columns take {rowBytes} bytes, and {bytes % rowBytes} are left over.",
            bytesName);

    /// <summary>How many rows <paramref name="values"/> values are.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="columns"/> is not positive.</exception>
    /// <exception cref="ArgumentException">They are not whole rows.</exception>
    public static nint CountRows(int values, int columns, string valuesName)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        return values % columns == 0
            ? values / columns
            : throw new ArgumentException(
                $"{values} values are no whole rows of {columns} columns: {values % columns} are left over.", valuesName);
    }

    /// <summary>Throws unless <paramref name="available"/> values are as many as <paramref name="rows"/> rows need.</summary>
    public static void ThrowUnlessRoom(nint rows, nint unitsPerRow, int available, string parameterName)
    {
        // In 64 bits: callers may ask for rows that no span could hold.
        if (available < (long)rows * unitsPerRow)
        {
            throw new ArgumentException(
                $"{rows} rows take {(long)rows * unitsPerRow} elements, {unitsPerRow} each; there are {available}.", parameterName);
        }
    }

    private RowShape ThrowUnlessScaled(string scalesName) => Groups == 1 || Groups == Rows
        ? this
        : throw new ArgumentException(
            $"There are {Groups} scales for {Rows} rows; give 1, which all rows share, or {Rows}, one per row.", scalesName);
}
