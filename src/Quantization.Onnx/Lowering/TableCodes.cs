using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The codes of the tables whose rows are looked up. A model of text often multiplies by the transpose of its table at the end: the same
/// codes.
/// </summary>
internal sealed class TableCodes
{
    private readonly List<(TensorProto Codes, string Name)> _tables = [];

    /// <summary>Keeps a table's codes and the name that they are stored by.</summary>
    public void Add(TensorProto codes, string name) => _tables.Add((codes, name));

    /// <summary>The name of the table that has these codes with rows and columns exchanged; null where there is none.</summary>
    public string? FindTransposeOf(TensorProto codes) =>
        codes.Dims.Count == 2 ? _tables.FirstOrDefault(table => AreTransposed(table.Codes, codes)).Name : null;

    private static bool AreTransposed(TensorProto left, TensorProto right)
    {
        (int rows, int columns) = ((int)left.Dims[0], (int)left.Dims[1]);
        if (right.Dims[0] != columns || right.Dims[1] != rows)
        {
            return false;
        }

        ReadOnlySpan<byte> from = left.RawData.Span, to = right.RawData.Span;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                if (from[(row * columns) + column] != to[(column * rows) + row])
                {
                    return false;
                }
            }
        }

        return true;
    }
}
