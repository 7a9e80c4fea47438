namespace Quantization.Kernels;

/// <summary>Reads and writes single codes in the layouts of <see cref="CodeType"/>; for the ends of runs and for the rare formats.</summary>
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
        CodeType.UInt4 => (codes[index / 2] >> (index % 2 == 0 ? 0 : 4)) & 15,
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
            default:
                // The first code of a byte clears the other half, so that an odd last code leaves zeros beside it.
                ref byte pair = ref codes[index / 2];
                pair = index % 2 == 0 ? (byte)(code & 15) : (byte)((pair & 15) | (code << 4));
                break;
        }
    }
}
