using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Kernels.Simd;

/// <summary>Vectors of 128 bits by the operations that every processor with vectors has: ARM64, and x64 without AVX2.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>, Vector128<int>>
{
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int Count => 4;

    /// <summary>Whether fused products and sums take one instruction.</summary>
    private static bool HasFusedMultiplyAdd => AdvSimd.IsSupported || Fma.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> BroadcastQuarters(int first, int second, int third, int fourth) =>
        Vector128.Create(first, second, third, fourth);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(int* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(Vector128<float> values, float* destination)
        where TStores : struct, IStores => Vector128.Store(values, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> left, Vector128<float> right) =>
        Vector128.ConditionalSelect(Vector128.LessThan(left, right), left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> left, Vector128<float> right) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(left, right), left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> left, Vector128<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Quotient<TCode, TLanes>(Vector128<float> value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<Vector128<float>, Vector128<int>>
    {
        if (!HasFusedMultiplyAdd)
        {
            return value / lanes.Get(MappingField.Divisor, index, offset);
        }

        Vector128<float> reciprocal = lanes.Get(MappingField.Reciprocal, index, offset);
        if (sizeof(TCode) == 1)
        {
            // As at 256 bits.
            return Vector128.FusedMultiplyAdd(value, reciprocal, value * lanes.Get(MappingField.ReciprocalError, index, offset));
        }

        Vector128<float> estimate = value * reciprocal;
        Vector128<float> remainder = Vector128.FusedMultiplyAdd(-estimate, lanes.Get(MappingField.Divisor, index, offset), value);
        return Vector128.FusedMultiplyAdd(remainder, reciprocal, estimate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundToInt32(Vector128<float> value) => Round(value) & Vector128.Equals(value, value).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasNaN(Vector128<float> first, Vector128<float> second, Vector128<float> third, Vector128<float> fourth) =>
        (~(Vector128.Equals(first, first) & Vector128.Equals(second, second) & Vector128.Equals(third, third)
            & Vector128.Equals(fourth, fourth))).ExtractMostSignificantBits() != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ZeroWhereNaN(Vector128<float> value) => value & Vector128.Equals(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> RoundToSingle<TCode>(Vector128<float> value)
        where TCode : unmanaged
    {
        if (sizeof(TCode) > 2)
        {
            return ToSingle(RoundToInt32(value));
        }

        // Beside 1.5 · 2²³ no fraction has room: the sum is rounded, and the difference is exact. Additions have other ports than
        // conversions.
        Vector128<float> integer = Vector128.Create(12582912f);
        return value + integer - integer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundToInt32Saturating(Vector128<float> value) => Vector128.ConvertToInt32(Vector128.Round(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ToSingle(Vector128<int> value) => Vector128.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> left, Vector128<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract(Vector128<int> left, Vector128<int> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Max(Vector128<int> left, Vector128<int> right) => Vector128.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MagnitudeBits(Vector128<float> value) => value.AsInt32() & Vector128.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AsSingle(Vector128<int> bits) => bits.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreAllWithin(Vector128<int> values, int least, int most) =>
        Vector128.GreaterThanOrEqualAll(values, Vector128.Create(least)) && Vector128.LessThanOrEqualAll(values, Vector128.Create(most));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LargestOfEach(Vector128<int>* vectors)
    {
        Vector128<int> lower = LargestOfTwo(vectors[0], vectors[1]);
        Vector128<int> upper = LargestOfTwo(vectors[2], vectors[3]);
        return Vector128.Max(
            Vector128.Create(lower.GetLower(), upper.GetLower()), Vector128.Create(lower.GetUpper(), upper.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ReciprocalError(Vector128<float> divisor, Vector128<float> reciprocal)
    {
        (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(divisor);
        (Vector128<double> lowerReciprocal, Vector128<double> upperReciprocal) = Vector128.Widen(reciprocal);
        return Vector128.Narrow(Vector128<double>.One / lower - lowerReciprocal, Vector128<double>.One / upper - upperReciprocal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddProducts<TLeft>(Vector128<int> sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        // Products of 8-bit codes fit 16 bits, also of one with and one without sign.
        (Vector128<short> leftLow, Vector128<short> leftHigh) = typeof(TLeft) == typeof(byte)
            ? (Vector128.WidenLower(Vector128.Load((byte*)left)).AsInt16(), Vector128.WidenUpper(Vector128.Load((byte*)left)).AsInt16())
            : Vector128.Widen(Vector128.Load((sbyte*)left));
        (Vector128<short> rightLow, Vector128<short> rightHigh) = Vector128.Widen(Vector128.Load(right));
        return AddProducts(AddProducts(sum, leftLow, rightLow), leftHigh, rightHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddWideProducts(Vector128<int> sum, sbyte* codes, short* factors)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(Vector128.Load(codes));
        return AddProducts(AddProducts(sum, lower, Vector128.Load(factors)), upper, Vector128.Load(factors + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector128<int> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes<TCode, TStores>(
        Vector128<float> first, Vector128<float> second, Vector128<float> third, Vector128<float> fourth, Vector128<int> zeroPoints,
        TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        // NaN converts to 0 or to the smallest integer: its low byte is 0 either way, and narrowing drops what is above.
        Vector128<sbyte> codes = Vector128.Narrow(
            Vector128.Narrow(Round(first), Round(second)), Vector128.Narrow(Round(third), Round(fourth)));
        Store<TCode>(codes + zeroPoints.AsSByte(), destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNarrowed<TCode, TStores>(
        Vector128<int> first, Vector128<int> second, Vector128<int> third, Vector128<int> fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        if (typeof(TCode) == typeof(int))
        {
            first.Store((int*)destination);
            second.Store((int*)destination + 4);
            third.Store((int*)destination + 8);
            fourth.Store((int*)destination + 12);
            return;
        }

        // Codes fit their type, so dropping the upper bits keeps them, with or without sign.
        Vector128<short> low = Vector128.Narrow(first, second);
        Vector128<short> high = Vector128.Narrow(third, fourth);
        if (sizeof(TCode) == 2)
        {
            low.Store((short*)destination);
            high.Store((short*)destination + 8);
            return;
        }

        Store<TCode>(Vector128.Narrow(low, high), destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWidened<TCode>(
        TCode* source, out Vector128<int> first, out Vector128<int> second, out Vector128<int> third, out Vector128<int> fourth)
        where TCode : unmanaged
    {
        if (typeof(TCode) == typeof(int))
        {
            first = Vector128.Load((int*)source);
            second = Vector128.Load((int*)source + 4);
            third = Vector128.Load((int*)source + 8);
            fourth = Vector128.Load((int*)source + 12);
        }
        else if (typeof(TCode) == typeof(short))
        {
            (first, second) = Vector128.Widen(Vector128.Load((short*)source));
            (third, fourth) = Vector128.Widen(Vector128.Load((short*)source + 8));
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            (first, second) = WidenUnsigned(Vector128.Load((ushort*)source));
            (third, fourth) = WidenUnsigned(Vector128.Load((ushort*)source + 8));
        }
        else if (typeof(TCode) == typeof(byte))
        {
            (first, second) = WidenUnsigned(Vector128.WidenLower(Vector128.Load((byte*)source)));
            (third, fourth) = WidenUnsigned(Vector128.WidenUpper(Vector128.Load((byte*)source)));
        }
        else
        {
            Vector128<sbyte> codes = typeof(TCode) == typeof(sbyte) ? Vector128.Load((sbyte*)source) : Unpack<TCode>((byte*)source);
            (first, second) = Vector128.Widen(Vector128.WidenLower(codes));
            (third, fourth) = Vector128.Widen(Vector128.WidenUpper(codes));
        }
    }

    /// <summary>Rounds half to even. NaN gives 0 or the smallest integer, as the processor has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(Vector128<float> value) =>
        AdvSimd.IsSupported ? AdvSimd.ConvertToInt32RoundToEven(value)
        : Sse2.IsSupported ? Sse2.ConvertToVector128Int32(value)
        : Vector128.ConvertToInt32Native(Vector128.Round(value));

    /// <summary>Adds the products of eight pairs of 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddProducts(Vector128<int> sum, Vector128<short> left, Vector128<short> right)
    {
        if (Sse2.IsSupported)
        {
            return sum + Sse2.MultiplyAddAdjacent(left, right);
        }

        if (AdvSimd.IsSupported)
        {
            sum = AdvSimd.MultiplyWideningLowerAndAdd(sum, left.GetLower(), right.GetLower());
            return AdvSimd.MultiplyWideningUpperAndAdd(sum, left, right);
        }

        (Vector128<int> leftLow, Vector128<int> leftHigh) = Vector128.Widen(left);
        (Vector128<int> rightLow, Vector128<int> rightHigh) = Vector128.Widen(right);
        return sum + leftLow * rightLow + leftHigh * rightHigh;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TCode>(Vector128<sbyte> codes, TCode* destination)
        where TCode : unmanaged
    {
        if (typeof(TCode) != typeof(SignedPair) && typeof(TCode) != typeof(UnsignedPair))
        {
            codes.Store((sbyte*)destination);
            return;
        }

        // A word holds two codes, the first in its low byte; the second moves down beside it.
        Vector128<ushort> halves = codes.AsUInt16() & Vector128.Create((ushort)0x0F0F);
        Vector128<ushort> pairs = (halves | (halves >>> 4)) & Vector128.Create((ushort)0x00FF);
        Vector128.Narrow(pairs, pairs).GetLower().Store((byte*)destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<int> Lower, Vector128<int> Upper) WidenUnsigned(Vector128<ushort> codes) =>
        (Vector128.WidenLower(codes).AsInt32(), Vector128.WidenUpper(codes).AsInt32());

    /// <summary>Half a vector of packed codes as a vector of one code per byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Unpack<TCode>(byte* source)
    {
        Vector128<ushort> words = Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe());
        Vector128<sbyte> codes = (words | (words << 4)).AsSByte() & Vector128.Create((sbyte)15);
        if (typeof(TCode) == typeof(UnsignedPair))
        {
            return codes;
        }

        Vector128<sbyte> sign = Vector128.Create((sbyte)8);
        return (codes ^ sign) - sign;
    }

    /// <summary>Two maxima of the first and the second vector, by turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> LargestOfTwo(Vector128<int> first, Vector128<int> second) => Vector128.Max(
        Vector128.Create(first[0], second[0], first[1], second[1]), Vector128.Create(first[2], second[2], first[3], second[3]));
}
