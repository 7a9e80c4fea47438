using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The head of an <c>.npy</c> array, versions 1 to 3 of the
/// <see href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">format</see>.
/// </summary>
/// <param name="ElementType">The type of the elements.</param>
/// <param name="IsBigEndian">Whether each element's bytes run from the highest to the lowest.</param>
/// <param name="IsFortranOrder">Whether the first axis runs fastest instead of the last.</param>
/// <param name="Shape">The length of each axis.</param>
/// <param name="Length">The bytes that the head itself takes.</param>
internal sealed partial record NpyHeader(TensorElementType ElementType, bool IsBigEndian, bool IsFortranOrder, long[] Shape, int Length)
{
    /// <summary>The most axes that NumPy knows.</summary>
    private const int MaxAxes = 64;

    /// <summary>NumPy's own limit for a header that it reads without being asked to trust the file is 10,000 bytes.</summary>
    private const int LongestText = 65535;

    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The bytes that the elements take.</summary>
    /// <exception cref="InvalidDataException">They are more than one array holds.</exception>
    public int DataLength
    {
        get
        {
            UInt128 bytes = (UInt128)SampleElementType.SizeOf(ElementType);
            foreach (long length in Shape)
            {
                // Shapes have at most 64 axes, but a product of two of them can already pass 128 bits: stop as soon as it is too large.
                bytes = length == 0 || bytes == 0 ? 0 : bytes * (ulong)length;
                if (bytes > long.MaxValue)
                {
                    break;
                }
            }

            return bytes <= (UInt128)Array.MaxLength
                ? (int)bytes
                : throw new InvalidDataException(
                    $"its shape {SampleShape.Format(Shape)} asks for more than {Array.MaxLength} bytes; split the sample");
        }
    }

    /// <summary>Reads the head; the stream then stands at the first element.</summary>
    /// <exception cref="InvalidDataException">The head is damaged, or the elements are not plain numbers.</exception>
    /// <exception cref="EndOfStreamException">The stream ends within the head.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[Magic.Length + 2];
        stream.ReadExactly(start);
        int version = start[Magic.Length];
        if (!start.StartsWith(Magic) || version is < 1 or > 3)
        {
            throw new InvalidDataException("it is no .npy array of version 1, 2 or 3; write it with numpy.save");
        }

        Span<byte> length = stackalloc byte[version == 1 ? 2 : 4];
        stream.ReadExactly(length);
        uint textLength = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (textLength > LongestText)
        {
            throw new InvalidDataException(
                string.Create(CultureInfo.InvariantCulture, $"its header claims {textLength} bytes, more than any array of numbers needs"));
        }

        byte[] text = new byte[textLength];
        stream.ReadExactly(text);
        Encoding encoding = version == 3 ? Encoding.UTF8 : Encoding.Latin1;
        return Parse(encoding.GetString(text), start.Length + length.Length + text.Length);
    }

    /// <summary>Whether another header, read later from the same file, says the same.</summary>
    public bool IsSameAs(NpyHeader other) =>
        (ElementType, IsBigEndian, IsFortranOrder, Length) == (other.ElementType, other.IsBigEndian, other.IsFortranOrder, other.Length)
            && Shape.AsSpan().SequenceEqual(other.Shape);

    private static NpyHeader Parse(string text, int headLength)
    {
        Match type = Descr().Match(text);
        Match order = FortranOrder().Match(text);
        Match shape = ShapeTuple().Match(text);
        if (!order.Success || !shape.Success)
        {
            throw new InvalidDataException($"its header '{VisibleText.Short(text.Trim())}' lacks fortran_order or shape");
        }

        if (!type.Success || ElementTypeOf(type.Groups["kind"].Value) is not TensorElementType elementType)
        {
            throw new InvalidDataException(
                $"its header '{VisibleText.Short(text.Trim())}' does not name a type of plain numbers; store float, "
                    + "integer or bool arrays");
        }

        string[] parts = shape.Groups["axes"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > MaxAxes)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"its shape has {parts.Length} axes; NumPy writes "
                + $"{MaxAxes} at most"));
        }

        long[] axes = new long[parts.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out axes[i]))
            {
                throw new InvalidDataException($"its shape ({VisibleText.Short(shape.Groups["axes"].Value)}) has an axis "
                    + $"'{VisibleText.Short(parts[i])}'");
            }
        }

        // '=' and '|' stand for the writing machine's order and for no order; every machine that writes .npy today is little-endian.
        return new NpyHeader(elementType, type.Groups["order"].Value == ">", order.Groups["value"].Value == "True", axes, headLength);
    }

    private static TensorElementType? ElementTypeOf(string kind) => kind switch
    {
        "b1" => TensorElementType.Bool,
        "i1" => TensorElementType.Int8,
        "u1" => TensorElementType.UInt8,
        "i2" => TensorElementType.Int16,
        "u2" => TensorElementType.UInt16,
        "i4" => TensorElementType.Int32,
        "u4" => TensorElementType.UInt32,
        "i8" => TensorElementType.Int64,
        "u8" => TensorElementType.UInt64,
        "f2" => TensorElementType.Float16,
        "f4" => TensorElementType.Float,
        "f8" => TensorElementType.Double,
        _ => null,
    };

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"](?<order>[<>|=]?)(?<kind>[a-zA-Z]\d+)['"]""", RegexOptions.CultureInvariant)]
    private static partial Regex Descr();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(?<value>True|False)""", RegexOptions.CultureInvariant)]
    private static partial Regex FortranOrder();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\((?<axes>[^()]*)\)""", RegexOptions.CultureInvariant)]
    private static partial Regex ShapeTuple();
}
