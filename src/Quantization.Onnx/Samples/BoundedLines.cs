using System.Text;

namespace Quantization.Onnx;

/// <summary>Reads lines and stops at one that is too long, where <see cref="TextReader.ReadLine"/> would keep the whole of it.</summary>
/// <param name="reader">The text.</param>
/// <param name="longest">The most characters of a line.</param>
internal sealed class BoundedLines(TextReader reader, int longest)
{
    private readonly StringBuilder _line = new();

    /// <summary>The next line without its end, <c>\n</c>, <c>\r</c> or both; null at the end of the text.</summary>
    /// <param name="isTooLong">Whether the line goes on.</param>
    public string? Read(out bool isTooLong)
    {
        isTooLong = false;
        _line.Clear();
        int next = reader.Read();
        if (next < 0)
        {
            return null;
        }

        while (next is >= 0 and not ('\n' or '\r'))
        {
            if (_line.Length == longest)
            {
                isTooLong = true;
                return _line.ToString();
            }

            _line.Append((char)next);
            next = reader.Read();
        }

        if (next == '\r' && reader.Peek() == '\n')
        {
            reader.Read();
        }

        return _line.ToString();
    }
}
