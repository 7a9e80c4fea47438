using System.Globalization;

namespace Quantization;

/// <summary>
/// What a code is: the type it is stored in and the closed interval of codes in use. For example <c>(Int8, −127, 127)</c> for symmetric
/// weights, or <c>(Int8, −16, 15)</c> for five bits stored in a byte.
/// </summary>
/// <remarks>Immutable and compared by value.</remarks>
public sealed record CodeFormat
{
    /// <summary>Makes a format from a storage type and the smallest and the largest code in use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A bound does not fit the storage type, or <paramref name="minCode"/> is not below <paramref name="maxCode"/>.
    /// </exception>
    public CodeFormat(CodeType type, int minCode, int maxCode)
    {
        (int low, int high) = StorageBounds(type);
        if (minCode < low || minCode > high)
        {
            throw new ArgumentOutOfRangeException(nameof(minCode), minCode, $"{type} stores codes from {low} to {high}.");
        }

        if (maxCode <= minCode || maxCode > high)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxCode),
                maxCode,
                $"The largest code must lie above minCode ({minCode}) and at most at {high}, the largest that {type} stores.");
        }

        Type = type;
        MinCode = minCode;
        MaxCode = maxCode;
    }

    /// <summary>All 256 codes of a signed byte: −128 … 127.</summary>
    public static CodeFormat Int8 { get; } = Create(CodeType.Int8);

    /// <summary>All 256 codes of a byte: 0 … 255.</summary>
    public static CodeFormat UInt8 { get; } = Create(CodeType.UInt8);

    /// <summary>All codes of a signed 16-bit integer: −32768 … 32767.</summary>
    public static CodeFormat Int16 { get; } = Create(CodeType.Int16);

    /// <summary>All codes of an unsigned 16-bit integer: 0 … 65535.</summary>
    public static CodeFormat UInt16 { get; } = Create(CodeType.UInt16);

    /// <summary>All codes of a signed 32-bit integer; for biases.</summary>
    public static CodeFormat Int32 { get; } = Create(CodeType.Int32);

    /// <summary>Sixteen signed codes, −8 … 7, two per byte.</summary>
    public static CodeFormat Int4 { get; } = Create(CodeType.Int4);

    /// <summary>Sixteen unsigned codes, 0 … 15, two per byte.</summary>
    public static CodeFormat UInt4 { get; } = Create(CodeType.UInt4);

    /// <summary>Two codes, 0 … 1, eight per byte; for codebooks.</summary>
    public static CodeFormat UInt1 { get; } = Create(CodeType.UInt1);

    /// <summary>Four unsigned codes, 0 … 3, four per byte.</summary>
    public static CodeFormat UInt2 { get; } = Create(CodeType.UInt2);

    /// <summary>How a code is stored.</summary>
    public CodeType Type { get; }

    /// <summary>The smallest code in use.</summary>
    public int MinCode { get; }

    /// <summary>The largest code in use.</summary>
    public int MaxCode { get; }

    /// <summary>The number of codes in use, <c>MaxCode − MinCode + 1</c>.</summary>
    public long Levels => (long)MaxCode - MinCode + 1;

    /// <summary>Whether negative codes are in use.</summary>
    public bool IsSigned => MinCode < 0;

    /// <summary>The bits one code takes in storage: 1, 2, 4, 8, 16 or 32.</summary>
    public int StorageBits => Type switch
    {
        CodeType.UInt1 => 1,
        CodeType.UInt2 => 2,
        CodeType.Int4 or CodeType.UInt4 => 4,
        CodeType.Int8 or CodeType.UInt8 => 8,
        CodeType.Int16 or CodeType.UInt16 => 16,
        _ => 32,
    };

    /// <summary>
    /// This format with its codes restricted to an interval symmetric about 0, <c>±MaxCode</c>: −127 … 127 for <see cref="Int8"/>. An
    /// unsigned format is returned as it is.
    /// </summary>
    public CodeFormat Restricted => MinCode < -MaxCode ? new CodeFormat(Type, -MaxCode, MaxCode) : this;

    /// <summary>
    /// The format of <paramref name="bits"/> bits with sign, −2^(bits−1) … 2^(bits−1) − 1, in the narrowest type that stores it (4 bits
    /// packed, 2 and 3 bits in a byte).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is below 2 or above 16.</exception>
    public static CodeFormat Signed(int bits)
    {
        ThrowUnlessBits(bits);
        return new CodeFormat(
            bits == 4 ? CodeType.Int4 : bits <= 8 ? CodeType.Int8 : CodeType.Int16, -(1 << (bits - 1)), (1 << (bits - 1)) - 1);
    }

    /// <summary>
    /// The format of <paramref name="bits"/> bits without sign, 0 … 2^bits − 1, in the narrowest type that stores it (4 bits packed, 2 and
    /// 3 bits in a byte).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is below 2 or above 16.</exception>
    public static CodeFormat Unsigned(int bits)
    {
        ThrowUnlessBits(bits);
        return new CodeFormat(bits == 4 ? CodeType.UInt4 : bits <= 8 ? CodeType.UInt8 : CodeType.UInt16, 0, (1 << bits) - 1);
    }

    /// <summary>
    /// The bytes that <paramref name="elements"/> codes take; packed codes that do not fill the last byte take all of it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elements"/> is negative.</exception>
    public nint GetByteCount(nint elements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        int codesPerByte = 8 / StorageBits;
        return codesPerByte > 1 ? elements / codesPerByte + (elements % codesPerByte == 0 ? 0 : 1) : checked(elements * (StorageBits / 8));
    }

    /// <summary>For example <c>Int8 [-127, 127]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Type} [{MinCode}, {MaxCode}]");

    /// <summary>All codes that a type stores.</summary>
    internal static CodeFormat Full(CodeType type) => type switch
    {
        CodeType.Int8 => Int8,
        CodeType.UInt8 => UInt8,
        CodeType.Int16 => Int16,
        CodeType.UInt16 => UInt16,
        CodeType.Int32 => Int32,
        CodeType.Int4 => Int4,
        CodeType.UInt1 => UInt1,
        CodeType.UInt2 => UInt2,
        _ => UInt4,
    };

    private static CodeFormat Create(CodeType type)
    {
        (int low, int high) = StorageBounds(type);
        return new CodeFormat(type, low, high);
    }

    private static (int Low, int High) StorageBounds(CodeType type) => type switch
    {
        CodeType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        CodeType.UInt8 => (byte.MinValue, byte.MaxValue),
        CodeType.Int16 => (short.MinValue, short.MaxValue),
        CodeType.UInt16 => (ushort.MinValue, ushort.MaxValue),
        CodeType.Int32 => (int.MinValue, int.MaxValue),
        CodeType.Int4 => (-8, 7),
        CodeType.UInt4 => (0, 15),
        CodeType.UInt2 => (0, 3),
        CodeType.UInt1 => (0, 1),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a code type."),
    };

    private static void ThrowUnlessBits(int bits)
    {
        if (bits is < 2 or > 16)
        {
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "A uniform format has 2 to 16 bits.");
        }
    }
}
