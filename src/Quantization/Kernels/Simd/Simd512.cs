using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Kernels.Simd;

/// <summary>Vectors of 512 bits: AVX-512 F, BW and DQ.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>, Vector512<int>>
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512BW.IsSupported;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> BroadcastQuarters(int first, int second, int third, int fourth) => Vector512.Create(
        Vector256.Create(Vector128.Create(first), Vector128.Create(second)),
        Vector256.Create(Vector128.Create(third), Vector128.Create(fourth)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(int* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(Vector512<float> values, float* destination)
        where TStores : struct, IStores => Write<float, TStores>(values, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> left, Vector512<float> right) => Avx512F.Min(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> left, Vector512<float> right) => Avx512F.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> left, Vector512<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Quotient<TCode, TLanes>(Vector512<float> value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<Vector512<float>, Vector512<int>>
    {
        Vector512<float> reciprocal = lanes.Get(MappingField.Reciprocal, index, offset);
        if (sizeof(TCode) == 1)
        {
            // The reciprocal to 48 bits. The quotient may differ from the rounded one in its last bit, but never across a half up to 255.5:
            // checked for every mantissa of the divisor.
            return Avx512F.FusedMultiplyAdd(value, reciprocal, value * lanes.Get(MappingField.ReciprocalError, index, offset));
        }

        // The rounded quotient: an estimate and the correction by its exact remainder (Markstein, IBM J. Res. Dev. 34, 1990).
        Vector512<float> estimate = value * reciprocal;
        Vector512<float> remainder = Avx512F.FusedMultiplyAddNegated(estimate, lanes.Get(MappingField.Divisor, index, offset), value);
        return Avx512F.FusedMultiplyAdd(remainder, reciprocal, estimate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RoundToInt32(Vector512<float> value) =>
        // The table says: quiet and signaling NaN become +0, all else stays.
        Avx512F.ConvertToVector512Int32(Avx512F.Fixup(value, value, Vector512.Create(0x88), 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNaN(Vector512<float> first, Vector512<float> second, Vector512<float> third, Vector512<float> fourth) =>
        (Avx512F.CompareUnordered(first, second) | Avx512F.CompareUnordered(third, fourth)) != Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ZeroWhereNaN(Vector512<float> value) => Avx512F.Fixup(value, value, Vector512.Create(0x88), 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> RoundToSingle<TCode>(Vector512<float> value)
        where TCode : unmanaged
    {
        if (sizeof(TCode) > 2)
        {
            return ToSingle(RoundToInt32(value));
        }

        Vector512<float> integer = Vector512.Create(12582912f);
        return value + integer - integer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RoundToInt32Saturating(Vector512<float> value) => Vector512.ConvertToInt32(Vector512.Round(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToSingle(Vector512<int> value) => Avx512F.ConvertToVector512Single(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> left, Vector512<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract(Vector512<int> left, Vector512<int> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Max(Vector512<int> left, Vector512<int> right) => Vector512.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MagnitudeBits(Vector512<float> value) => value.AsInt32() & Vector512.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AsSingle(Vector512<int> bits) => bits.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreAllWithin(Vector512<int> values, int least, int most) =>
        Vector512.GreaterThanOrEqualAll(values, Vector512.Create(least)) && Vector512.LessThanOrEqualAll(values, Vector512.Create(most));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LargestOfEach(Vector512<int>* vectors)
    {
        Vector512<int> first = LargestOfFour(vectors);
        Vector512<int> second = LargestOfFour(vectors + 4);
        Vector512<int> third = LargestOfFour(vectors + 8);
        Vector512<int> fourth = LargestOfFour(vectors + 12);

        // Each quarter has something of every vector: quarters 0 and 2 of all meet quarters 1 and 3, then the halves of what is left.
        Vector512<int> lower = Vector512.Max(
            Avx512F.Shuffle4x128(first, second, 0b10_00_10_00), Avx512F.Shuffle4x128(first, second, 0b11_01_11_01));
        Vector512<int> upper = Vector512.Max(
            Avx512F.Shuffle4x128(third, fourth, 0b10_00_10_00), Avx512F.Shuffle4x128(third, fourth, 0b11_01_11_01));
        return Vector512.Max(
            Avx512F.Shuffle4x128(lower, upper, 0b10_00_10_00), Avx512F.Shuffle4x128(lower, upper, 0b11_01_11_01));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ReciprocalError(Vector512<float> divisor, Vector512<float> reciprocal) => Vector512.Create(
        ReciprocalError(divisor.GetLower(), reciprocal.GetLower()), ReciprocalError(divisor.GetUpper(), reciprocal.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ReciprocalError(Vector256<float> divisor, Vector256<float> reciprocal) =>
        Avx512F.ConvertToVector256Single(
            Vector512<double>.One / Avx512F.ConvertToVector512Double(divisor) - Avx512F.ConvertToVector512Double(reciprocal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddProducts<TLeft>(Vector512<int> sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged =>
        sum + Products(left, right) + Products(left + 32, right + 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddWideProducts(Vector512<int> sum, sbyte* codes, short* factors) =>
        sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(codes)), Vector512.Load(factors))
            + Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(codes + 32)), Vector512.Load(factors + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector512<int> value) => Vector512.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes<TCode, TStores>(
        Vector512<float> first, Vector512<float> second, Vector512<float> third, Vector512<float> fourth, Vector512<int> zeroPoints,
        TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        // NaN converts to the smallest integer, and saturates to −2¹⁵: its low byte is 0, as NaN shall be.
        Vector512<short> lowByte = Vector512.Create((short)255);
        Vector512<short> low =
            Avx512BW.PackSignedSaturate(Avx512F.ConvertToVector512Int32(first), Avx512F.ConvertToVector512Int32(second)) & lowByte;
        Vector512<short> high =
            Avx512BW.PackSignedSaturate(Avx512F.ConvertToVector512Int32(third), Avx512F.ConvertToVector512Int32(fourth)) & lowByte;
        Vector512<byte> codes = InOrder(Avx512BW.PackUnsignedSaturate(low, high).AsInt32()).AsByte() + zeroPoints.AsByte();
        if (typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair))
        {
            StorePairs<TStores>(codes, (byte*)destination);
        }
        else
        {
            Write<byte, TStores>(codes, (byte*)destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNarrowed<TCode, TStores>(
        Vector512<int> first, Vector512<int> second, Vector512<int> third, Vector512<int> fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        if (typeof(TCode) == typeof(sbyte))
        {
            Write<sbyte, TStores>(ToSBytes(first, second, third, fourth), (sbyte*)destination);
        }
        else if (typeof(TCode) == typeof(byte))
        {
            Vector512<byte> bytes = Avx512BW.PackUnsignedSaturate(
                Avx512BW.PackSignedSaturate(first, second), Avx512BW.PackSignedSaturate(third, fourth));
            Write<byte, TStores>(InOrder(bytes.AsInt32()).AsByte(), (byte*)destination);
        }
        else if (typeof(TCode) == typeof(short))
        {
            Write<long, TStores>(InOrder(Avx512BW.PackSignedSaturate(first, second).AsInt64()), (long*)destination);
            Write<long, TStores>(InOrder(Avx512BW.PackSignedSaturate(third, fourth).AsInt64()), (long*)destination + 8);
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            Write<long, TStores>(InOrder(Avx512BW.PackUnsignedSaturate(first, second).AsInt64()), (long*)destination);
            Write<long, TStores>(InOrder(Avx512BW.PackUnsignedSaturate(third, fourth).AsInt64()), (long*)destination + 8);
        }
        else if (typeof(TCode) == typeof(int))
        {
            Write<int, TStores>(first, (int*)destination);
            Write<int, TStores>(second, (int*)destination + 16);
            Write<int, TStores>(third, (int*)destination + 32);
            Write<int, TStores>(fourth, (int*)destination + 48);
        }
        else
        {
            StorePairs<TStores>(ToSBytes(first, second, third, fourth).AsByte(), (byte*)destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWidened<TCode>(
        TCode* source, out Vector512<int> first, out Vector512<int> second, out Vector512<int> third, out Vector512<int> fourth)
        where TCode : unmanaged
    {
        if (typeof(TCode) == typeof(sbyte))
        {
            sbyte* codes = (sbyte*)source;
            first = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            second = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 16));
            third = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 32));
            fourth = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 48));
        }
        else if (typeof(TCode) == typeof(byte))
        {
            byte* codes = (byte*)source;
            first = Avx512F.ConvertToVector512Int32(Vector128.Load(codes));
            second = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 16));
            third = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 32));
            fourth = Avx512F.ConvertToVector512Int32(Vector128.Load(codes + 48));
        }
        else if (typeof(TCode) == typeof(short))
        {
            short* codes = (short*)source;
            first = Avx512F.ConvertToVector512Int32(Vector256.Load(codes));
            second = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 16));
            third = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 32));
            fourth = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 48));
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            ushort* codes = (ushort*)source;
            first = Avx512F.ConvertToVector512Int32(Vector256.Load(codes));
            second = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 16));
            third = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 32));
            fourth = Avx512F.ConvertToVector512Int32(Vector256.Load(codes + 48));
        }
        else if (typeof(TCode) == typeof(int))
        {
            int* codes = (int*)source;
            first = Vector512.Load(codes);
            second = Vector512.Load(codes + 16);
            third = Vector512.Load(codes + 32);
            fourth = Vector512.Load(codes + 48);
        }
        else
        {
            // Each byte widens to a word whose two bytes take one code each: low half, high half.
            Vector512<ushort> words = Avx512BW.ConvertToVector512UInt16(Vector256.Load((byte*)source));
            Vector512<byte> codes = (words | (words << 4)).AsByte() & Vector512.Create((byte)15);
            if (typeof(TCode) == typeof(SignedPair))
            {
                Vector512<byte> sign = Vector512.Create((byte)8);
                codes = (codes ^ sign) - sign;
            }

            first = Avx512F.ConvertToVector512Int32(codes.GetLower().GetLower().AsSByte());
            second = Avx512F.ConvertToVector512Int32(codes.GetLower().GetUpper().AsSByte());
            third = Avx512F.ConvertToVector512Int32(codes.GetUpper().GetLower().AsSByte());
            fourth = Avx512F.ConvertToVector512Int32(codes.GetUpper().GetUpper().AsSByte());
        }
    }

    /// <summary>Products of 32 pairs of codes, summed in twos: 16-bit products of 8-bit codes are exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products<TLeft>(TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        Vector512<short> codes = typeof(TLeft) == typeof(byte)
            ? Avx512BW.ConvertToVector512Int16(Vector256.Load((byte*)left))
            : Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)left));
        return Avx512BW.MultiplyAddAdjacent(codes, Avx512BW.ConvertToVector512Int16(Vector256.Load(right)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> ToSBytes(Vector512<int> first, Vector512<int> second, Vector512<int> third, Vector512<int> fourth) =>
        InOrder(
            Avx512BW.PackSignedSaturate(Avx512BW.PackSignedSaturate(first, second), Avx512BW.PackSignedSaturate(third, fourth)).AsInt32())
            .AsSByte();

    /// <summary>
    /// Writes codes of a byte as packed 4-bit codes: each word of two becomes low + 16 · high, then the words narrow to bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs<TStores>(Vector512<byte> codes, byte* destination)
        where TStores : struct, IStores
    {
        Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(
            codes & Vector512.Create((byte)15), Vector512.Create((short)0x1001).AsSByte());
        Vector256<byte> bytes = Avx512BW.ConvertToVector256Byte(pairs.AsUInt16());
        if (TStores.AreNonTemporal)
        {
            bytes.StoreAlignedNonTemporal(destination);
        }
        else
        {
            bytes.Store(destination);
        }
    }

    /// <summary>Packs work within 128-bit lanes: two of them leave lane j with four codes of each source, which belong 16 apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> InOrder(Vector512<int> packed) =>
        Avx512F.PermuteVar16x32(packed, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    /// <summary>One pack leaves lane j with four codes of each of two sources.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> InOrder(Vector512<long> packed) =>
        Avx512F.PermuteVar8x64(packed, Vector512.Create(0L, 2, 4, 6, 1, 3, 5, 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T, TStores>(Vector512<T> values, T* destination)
        where T : unmanaged
        where TStores : struct, IStores
    {
        if (TStores.AreNonTemporal)
        {
            values.StoreAlignedNonTemporal(destination);
        }
        else
        {
            values.Store(destination);
        }
    }

    /// <summary>In each quarter the largest of that quarter of four vectors, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LargestOfFour(Vector512<int>* vectors)
    {
        Vector512<long> first = LargestOfTwo(vectors[0], vectors[1]).AsInt64();
        Vector512<long> second = LargestOfTwo(vectors[2], vectors[3]).AsInt64();
        return Vector512.Max(Avx512F.UnpackLow(first, second).AsInt32(), Avx512F.UnpackHigh(first, second).AsInt32());
    }

    /// <summary>In each quarter two maxima of the first and the second vector, by turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LargestOfTwo(Vector512<int> first, Vector512<int> second) =>
        Vector512.Max(Avx512F.UnpackLow(first, second), Avx512F.UnpackHigh(first, second));
}
