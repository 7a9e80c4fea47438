namespace Quantization.Kernels;

/// <summary>
/// Reads and writes single codes in the layouts of <see cref="CodeType"/>; for the ends of runs and for the rare formats.
/// </summary>
internal static unsafe class CodeStorage
{
    /// <summary>The storage of one <typeparamref name="TCode"/> a code.</summary>
    /// <exception cref="NotSupportedException">No code type stores <typeparamref name="TCode"/>.</exception>
    public static CodeType TypeOf<TCode>()
    {
        if (typeof(TCode) == typeof(sbyte))
        {
            return CodeType.Int8;
        }

        if (typeof(TCode) == typeof(byte))
        {
            return CodeType.UInt8;
        }

        if (typeof(TCode) == typeof(short))
        {
            return CodeType.Int16;
        }

        if (typeof(TCode) == typeof(ushort))
        {
            return CodeType.UInt16;
        }

        return typeof(TCode) == typeof(int)
            ? CodeType.Int32
            : throw new NotSupportedException($"Codes are stored as sbyte, byte, short, ushort or int, not as {typeof(TCode).Name}.");
    }

    public static int Read(CodeType type, byte* codes, nint index) => type switch
    {
        CodeType.Int8 => ((sbyte*)codes)[index],
        CodeType.UInt8 => codes[index],
        CodeType.Int16 => ((short*)codes)[index],
        CodeType.UInt16 => ((ushort*)codes)[index],
        CodeType.Int4 => (sbyte)(codes[index / 2] << (index % 2 == 0 ? 4 : 0)) >> 4,
        CodeType.UInt4 => ReadPacked(codes, index, 4),
        CodeType.UInt2 => ReadPacked(codes, index, 2),
        CodeType.UInt1 => ReadPacked(codes, index, 1),
        _ => ((int*)codes)[index],
    };

    public static void Write(CodeType type, byte* codes, nint index, int code)
    {
        switch (type)
        {
            case CodeType.Int8 or CodeType.UInt8:
                codes[index] = (byte)code;
                break;
            case CodeType.Int16 or CodeType.UInt16:
                ((ushort*)codes)[index] = (ushort)code;
                break;
            case CodeType.Int32:
                ((int*)codes)[index] = code;
                break;
            case CodeType.UInt1:
                WritePacked(codes, index, code, 1);
                break;
            case CodeType.UInt2:
                WritePacked(codes, index, code, 2);
                break;
            default:
                WritePacked(codes, index, code, 4);
                break;
        }
    }

    private static int ReadPacked(byte* codes, nint index, int bits)
    {
        (nint at, nint place) = Math.DivRem(index, 8 / bits);
        return (codes[at] >> (int)(place * bits)) & ((1 << bits) - 1);
    }

    private static void WritePacked(byte* codes, nint index, int code, int bits)
    {
        (nint at, nint place) = Math.DivRem(index, 8 / bits);
        int shift = (int)(place * bits);

        // A code clears what lies above it in its byte, so that the last one leaves zeros beside it.
        codes[at] = (byte)((codes[at] & ((1 << shift) - 1)) | ((code & ((1 << bits) - 1)) << shift));
    }
}
