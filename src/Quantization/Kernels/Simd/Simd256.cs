using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Kernels.Simd;

/// <summary>Vectors of 256 bits: AVX2 and FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>, Vector256<int>>
{
    public static bool IsSupported => Vector256.IsHardwareAccelerated && Avx2.IsSupported && Fma.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> BroadcastQuarters(int first, int second, int third, int fourth) =>
        Vector256.Create(first, first, second, second, third, third, fourth, fourth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(int* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(Vector256<float> values, float* destination)
        where TStores : struct, IStores => Write<float, TStores>(values, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> left, Vector256<float> right) => Avx.Min(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Avx.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> left, Vector256<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Quotient<TCode, TLanes>(Vector256<float> value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<Vector256<float>, Vector256<int>>
    {
        Vector256<float> reciprocal = lanes.Get(MappingField.Reciprocal, index, offset);
        if (sizeof(TCode) == 1)
        {
            // The reciprocal to 48 bits. The quotient may differ from the rounded one in its last bit, but never across a half up to 255.5:
            // checked for every mantissa of the divisor.
            return Fma.MultiplyAdd(value, reciprocal, value * lanes.Get(MappingField.ReciprocalError, index, offset));
        }

        // The rounded quotient: an estimate and the correction by its exact remainder (Markstein, IBM J. Res. Dev. 34, 1990).
        Vector256<float> estimate = value * reciprocal;
        Vector256<float> remainder = Fma.MultiplyAddNegated(estimate, lanes.Get(MappingField.Divisor, index, offset), value);
        return Fma.MultiplyAdd(remainder, reciprocal, estimate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RoundToInt32(Vector256<float> value) =>
        Avx.ConvertToVector256Int32(value) & Vector256.Equals(value, value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNaN(Vector256<float> first, Vector256<float> second, Vector256<float> third, Vector256<float> fourth) =>
        Avx.MoveMask(Avx.Compare(first, second, FloatComparisonMode.UnorderedNonSignaling) | Avx.Compare(
            third, fourth, FloatComparisonMode.UnorderedNonSignaling)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ZeroWhereNaN(Vector256<float> value) => value & Vector256.Equals(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> RoundToSingle<TCode>(Vector256<float> value)
        where TCode : unmanaged
    {
        if (sizeof(TCode) > 2)
        {
            return ToSingle(RoundToInt32(value));
        }

        // Beside 1.5 · 2²³ no fraction has room: the sum is rounded, and the difference is exact. Additions have other ports than
        // conversions.
        Vector256<float> integer = Vector256.Create(12582912f);
        return value + integer - integer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RoundToInt32Saturating(Vector256<float> value) => Vector256.ConvertToInt32(Vector256.Round(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector256<int> value) => Avx.ConvertToVector256Single(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> left, Vector256<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> left, Vector256<int> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Max(Vector256<int> left, Vector256<int> right) => Vector256.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MagnitudeBits(Vector256<float> value) => value.AsInt32() & Vector256.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AsSingle(Vector256<int> bits) => bits.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreAllWithin(Vector256<int> values, int least, int most) =>
        Vector256.GreaterThanOrEqualAll(values, Vector256.Create(least)) && Vector256.LessThanOrEqualAll(values, Vector256.Create(most));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LargestOfEach(Vector256<int>* vectors)
    {
        Vector256<int> lower = LargestOfFour(vectors);
        Vector256<int> upper = LargestOfFour(vectors + 4);
        return Vector256.Max(Avx2.Permute2x128(lower, upper, 0x20), Avx2.Permute2x128(lower, upper, 0x31));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ReciprocalError(Vector256<float> divisor, Vector256<float> reciprocal) => Vector256.Create(
        ReciprocalError(divisor.GetLower(), reciprocal.GetLower()), ReciprocalError(divisor.GetUpper(), reciprocal.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ReciprocalError(Vector128<float> divisor, Vector128<float> reciprocal) => Avx.ConvertToVector128Single(
        Vector256<double>.One / Avx.ConvertToVector256Double(divisor) - Avx.ConvertToVector256Double(reciprocal));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProducts<TLeft>(Vector256<int> sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        if (AvxVnni.IsSupported && typeof(TLeft) == typeof(byte))
        {
            return AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Load((byte*)left), Vector256.Load(right));
        }

        return sum + Products(left, right) + Products(left + 16, right + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddWideProducts(Vector256<int> sum, sbyte* codes, short* factors) =>
        sum + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(codes)), Vector256.Load(factors))
            + Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(codes + 16)), Vector256.Load(factors + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector256<int> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes<TCode, TStores>(
        Vector256<float> first, Vector256<float> second, Vector256<float> third, Vector256<float> fourth, Vector256<int> zeroPoints,
        TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        // NaN converts to the smallest integer, and saturates to −2¹⁵: its low byte is 0, as NaN shall be.
        Vector256<short> lowByte = Vector256.Create((short)255);
        Vector256<short> low = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(first), Avx.ConvertToVector256Int32(second)) & lowByte;
        Vector256<short> high = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(third), Avx.ConvertToVector256Int32(fourth)) & lowByte;
        Vector256<byte> codes = InOrder(Avx2.PackUnsignedSaturate(low, high).AsInt32()).AsByte() + zeroPoints.AsByte();
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
        Vector256<int> first, Vector256<int> second, Vector256<int> third, Vector256<int> fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        if (typeof(TCode) == typeof(sbyte))
        {
            Write<sbyte, TStores>(ToSBytes(first, second, third, fourth), (sbyte*)destination);
        }
        else if (typeof(TCode) == typeof(byte))
        {
            Vector256<byte> bytes = Avx2.PackUnsignedSaturate(
                Avx2.PackSignedSaturate(first, second), Avx2.PackSignedSaturate(third, fourth));
            Write<byte, TStores>(InOrder(bytes.AsInt32()).AsByte(), (byte*)destination);
        }
        else if (typeof(TCode) == typeof(short))
        {
            Write<long, TStores>(InOrder(Avx2.PackSignedSaturate(first, second).AsInt64()), (long*)destination);
            Write<long, TStores>(InOrder(Avx2.PackSignedSaturate(third, fourth).AsInt64()), (long*)destination + 4);
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            Write<long, TStores>(InOrder(Avx2.PackUnsignedSaturate(first, second).AsInt64()), (long*)destination);
            Write<long, TStores>(InOrder(Avx2.PackUnsignedSaturate(third, fourth).AsInt64()), (long*)destination + 4);
        }
        else if (typeof(TCode) == typeof(int))
        {
            Write<int, TStores>(first, (int*)destination);
            Write<int, TStores>(second, (int*)destination + 8);
            Write<int, TStores>(third, (int*)destination + 16);
            Write<int, TStores>(fourth, (int*)destination + 24);
        }
        else
        {
            StorePairs<TStores>(ToSBytes(first, second, third, fourth).AsByte(), (byte*)destination);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWidened<TCode>(
        TCode* source, out Vector256<int> first, out Vector256<int> second, out Vector256<int> third, out Vector256<int> fourth)
        where TCode : unmanaged
    {
        if (typeof(TCode) == typeof(sbyte))
        {
            sbyte* codes = (sbyte*)source;
            first = Avx2.ConvertToVector256Int32(codes);
            second = Avx2.ConvertToVector256Int32(codes + 8);
            third = Avx2.ConvertToVector256Int32(codes + 16);
            fourth = Avx2.ConvertToVector256Int32(codes + 24);
        }
        else if (typeof(TCode) == typeof(byte))
        {
            byte* codes = (byte*)source;
            first = Avx2.ConvertToVector256Int32(codes);
            second = Avx2.ConvertToVector256Int32(codes + 8);
            third = Avx2.ConvertToVector256Int32(codes + 16);
            fourth = Avx2.ConvertToVector256Int32(codes + 24);
        }
        else if (typeof(TCode) == typeof(short))
        {
            short* codes = (short*)source;
            first = Avx2.ConvertToVector256Int32(codes);
            second = Avx2.ConvertToVector256Int32(codes + 8);
            third = Avx2.ConvertToVector256Int32(codes + 16);
            fourth = Avx2.ConvertToVector256Int32(codes + 24);
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            ushort* codes = (ushort*)source;
            first = Avx2.ConvertToVector256Int32(codes);
            second = Avx2.ConvertToVector256Int32(codes + 8);
            third = Avx2.ConvertToVector256Int32(codes + 16);
            fourth = Avx2.ConvertToVector256Int32(codes + 24);
        }
        else if (typeof(TCode) == typeof(int))
        {
            int* codes = (int*)source;
            first = Vector256.Load(codes);
            second = Vector256.Load(codes + 8);
            third = Vector256.Load(codes + 16);
            fourth = Vector256.Load(codes + 24);
        }
        else
        {
            // Each byte widens to a word whose two bytes take one code each: low half, high half.
            Vector256<ushort> words = Avx2.ConvertToVector256Int16(Vector128.Load((byte*)source)).AsUInt16();
            Vector256<byte> codes = (words | (words << 4)).AsByte() & Vector256.Create((byte)15);
            if (typeof(TCode) == typeof(SignedPair))
            {
                Vector256<byte> sign = Vector256.Create((byte)8);
                codes = (codes ^ sign) - sign;
            }

            first = Avx2.ConvertToVector256Int32(codes.GetLower().AsSByte());
            second = Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(codes.GetLower(), 8).AsSByte());
            third = Avx2.ConvertToVector256Int32(codes.GetUpper().AsSByte());
            fourth = Avx2.ConvertToVector256Int32(Sse2.ShiftRightLogical128BitLane(codes.GetUpper(), 8).AsSByte());
        }
    }

    /// <summary>Products of 16 pairs of codes, summed in twos: 16-bit products of 8-bit codes are exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products<TLeft>(TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        Vector256<short> codes = typeof(TLeft) == typeof(byte)
            ? Avx2.ConvertToVector256Int16((byte*)left)
            : Avx2.ConvertToVector256Int16((sbyte*)left);
        return Avx2.MultiplyAddAdjacent(codes, Avx2.ConvertToVector256Int16(right));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> ToSBytes(Vector256<int> first, Vector256<int> second, Vector256<int> third, Vector256<int> fourth) =>
        InOrder(Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(first, second), Avx2.PackSignedSaturate(third, fourth)).AsInt32())
            .AsSByte();

    /// <summary>
    /// Writes codes of a byte as packed 4-bit codes: each word of two becomes low + 16 · high, then the words narrow to bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs<TStores>(Vector256<byte> codes, byte* destination)
        where TStores : struct, IStores
    {
        Vector256<short> pairs = Avx2.MultiplyAddAdjacent(codes & Vector256.Create((byte)15), Vector256.Create((short)0x1001).AsSByte());
        Vector128<byte> bytes = Vector128.Narrow(pairs.AsUInt16().GetLower(), pairs.AsUInt16().GetUpper());
        if (TStores.AreNonTemporal)
        {
            bytes.StoreAlignedNonTemporal(destination);
        }
        else
        {
            bytes.Store(destination);
        }
    }

    /// <summary>Packs work within 128-bit lanes: two of them leave lane j with four codes of each source, which belong 8 apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> InOrder(Vector256<int> packed) =>
        Avx2.PermuteVar8x32(packed, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));

    /// <summary>One pack leaves lane j with four codes of each of two sources.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> InOrder(Vector256<long> packed) => Avx2.Permute4x64(packed, 0b11_01_10_00);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T, TStores>(Vector256<T> values, T* destination)
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

    /// <summary>In each half the largest of that half of four vectors, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LargestOfFour(Vector256<int>* vectors)
    {
        Vector256<long> first = LargestOfTwo(vectors[0], vectors[1]).AsInt64();
        Vector256<long> second = LargestOfTwo(vectors[2], vectors[3]).AsInt64();
        return Vector256.Max(Avx2.UnpackLow(first, second).AsInt32(), Avx2.UnpackHigh(first, second).AsInt32());
    }

    /// <summary>In each half two maxima of the first and the second vector, by turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LargestOfTwo(Vector256<int> first, Vector256<int> second) =>
        Vector256.Max(Avx2.UnpackLow(first, second), Avx2.UnpackHigh(first, second));
}
