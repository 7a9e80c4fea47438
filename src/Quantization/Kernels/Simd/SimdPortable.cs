using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels.Simd;

/// <summary><see cref="Vector{T}"/>, as wide as the machine's runtime makes it: the path of processors that have no explicit one. Quotients are divisions.</summary>
internal readonly unsafe struct SimdPortable : ISimd<Vector<float>, Vector<int>>
{
    public static bool IsSupported => Vector.IsHardwareAccelerated;

    public static int Count => Vector<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Broadcast(int value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Load(float* source) => Vector.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Load(int* source) => Vector.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(Vector<float> values, float* destination)
        where TStores : struct, IStores => Vector.Store(values, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Min(Vector<float> left, Vector<float> right) => Vector.ConditionalSelect(Vector.LessThan(left, right), left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Max(Vector<float> left, Vector<float> right) => Vector.ConditionalSelect(Vector.GreaterThan(left, right), left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Multiply(Vector<float> left, Vector<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Divide(Vector<float> left, Vector<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Quotient<TCode, TLanes>(Vector<float> value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<Vector<float>, Vector<int>> => value / lanes.Divisor(index, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> RoundToInt32(Vector<float> value) =>
        Vector.ConvertToInt32Native(Vector.Round(value)) & Vector.Equals(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> RoundToInt32Saturating(Vector<float> value) => Vector.ConvertToInt32(Vector.Round(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> ToSingle(Vector<int> value) => Vector.ConvertToSingle(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Add(Vector<int> left, Vector<int> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Subtract(Vector<int> left, Vector<int> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> Max(Vector<int> left, Vector<int> right) => Vector.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> MagnitudeBits(Vector<float> value) => Vector.AsVectorInt32(value) & new Vector<int>(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> AddProducts<TLeft>(Vector<int> sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        // Products of 8-bit codes fit 16 bits, also of one with and one without sign.
        Vector<short> leftLow, leftHigh;
        if (typeof(TLeft) == typeof(byte))
        {
            Vector.Widen(Vector.Load((byte*)left), out Vector<ushort> low, out Vector<ushort> high);
            leftLow = Vector.AsVectorInt16(low);
            leftHigh = Vector.AsVectorInt16(high);
        }
        else
        {
            Vector.Widen(Vector.Load((sbyte*)left), out leftLow, out leftHigh);
        }

        Vector.Widen(Vector.Load(right), out Vector<short> rightLow, out Vector<short> rightHigh);
        Vector.Widen(leftLow * rightLow, out Vector<int> first, out Vector<int> second);
        Vector.Widen(leftHigh * rightHigh, out Vector<int> third, out Vector<int> fourth);
        return sum + first + second + third + fourth;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> AddWideProducts(Vector<int> sum, sbyte* codes, short* factors)
    {
        Vector.Widen(Vector.Load(codes), out Vector<short> lower, out Vector<short> upper);
        return sum + Products(lower, factors) + Products(upper, factors + Vector<short>.Count);

        static Vector<int> Products(Vector<short> left, short* right)
        {
            Vector.Widen(left, out Vector<int> leftLow, out Vector<int> leftHigh);
            Vector.Widen(Vector.Load(right), out Vector<int> rightLow, out Vector<int> rightHigh);
            return leftLow * rightLow + leftHigh * rightHigh;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(Vector<int> value) => Vector.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNarrowed<TCode, TStores>(Vector<int> first, Vector<int> second, Vector<int> third, Vector<int> fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        if (typeof(TCode) == typeof(int))
        {
            Vector.Store(first, (int*)destination);
            Vector.Store(second, (int*)destination + Count);
            Vector.Store(third, (int*)destination + 2 * Count);
            Vector.Store(fourth, (int*)destination + 3 * Count);
            return;
        }

        // Codes fit their type, so dropping the upper bits keeps them, with or without sign.
        Vector<short> low = Vector.Narrow(first, second);
        Vector<short> high = Vector.Narrow(third, fourth);
        if (sizeof(TCode) == 2)
        {
            Vector.Store(low, (short*)destination);
            Vector.Store(high, (short*)destination + 2 * Count);
            return;
        }

        Vector<sbyte> bytes = Vector.Narrow(low, high);
        if (typeof(TCode) == typeof(sbyte) || typeof(TCode) == typeof(byte))
        {
            Vector.Store(bytes, (sbyte*)destination);
            return;
        }

        // A word holds two codes, the first in its low byte; the second moves down beside it.
        Vector<ushort> halves = Vector.AsVectorUInt16(bytes) & new Vector<ushort>(0x0F0F);
        Vector<ulong> pairs = Vector.AsVectorUInt64(Vector.Narrow((halves | (halves >>> 4)) & new Vector<ushort>(0x00FF), Vector<ushort>.Zero));
        for (int i = 0; i < Vector<ulong>.Count / 2; i++)
        {
            Unsafe.WriteUnaligned((ulong*)destination + i, pairs[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWidened<TCode>(TCode* source, out Vector<int> first, out Vector<int> second, out Vector<int> third, out Vector<int> fourth)
        where TCode : unmanaged
    {
        if (typeof(TCode) == typeof(int))
        {
            first = Vector.Load((int*)source);
            second = Vector.Load((int*)source + Count);
            third = Vector.Load((int*)source + 2 * Count);
            fourth = Vector.Load((int*)source + 3 * Count);
        }
        else if (typeof(TCode) == typeof(short))
        {
            Vector.Widen(Vector.Load((short*)source), out first, out second);
            Vector.Widen(Vector.Load((short*)source + 2 * Count), out third, out fourth);
        }
        else if (typeof(TCode) == typeof(ushort))
        {
            WidenUnsigned(Vector.Load((ushort*)source), out first, out second);
            WidenUnsigned(Vector.Load((ushort*)source + 2 * Count), out third, out fourth);
        }
        else if (typeof(TCode) == typeof(byte))
        {
            Vector.Widen(Vector.Load((byte*)source), out Vector<ushort> low, out Vector<ushort> high);
            WidenUnsigned(low, out first, out second);
            WidenUnsigned(high, out third, out fourth);
        }
        else
        {
            Vector<sbyte> codes = typeof(TCode) == typeof(sbyte) ? Vector.Load((sbyte*)source) : Unpack<TCode>((byte*)source);
            Vector.Widen(codes, out Vector<short> low, out Vector<short> high);
            Vector.Widen(low, out first, out second);
            Vector.Widen(high, out third, out fourth);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenUnsigned(Vector<ushort> codes, out Vector<int> low, out Vector<int> high)
    {
        Vector.Widen(codes, out Vector<uint> first, out Vector<uint> second);
        low = Vector.AsVectorInt32(first);
        high = Vector.AsVectorInt32(second);
    }

    /// <summary>Half a vector of packed codes as a vector of one code a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<sbyte> Unpack<TCode>(byte* source)
    {
        Vector<ulong> packed = Vector<ulong>.Zero;
        for (int i = 0; i < Vector<ulong>.Count / 2; i++)
        {
            packed = Vector.WithElement(packed, i, Unsafe.ReadUnaligned<ulong>((ulong*)source + i));
        }

        Vector.Widen(Vector.AsVectorByte(packed), out Vector<ushort> words, out _);
        Vector<sbyte> codes = Vector.AsVectorSByte(words | (words << 4)) & new Vector<sbyte>(15);
        if (typeof(TCode) == typeof(UnsignedPair))
        {
            return codes;
        }

        Vector<sbyte> sign = new(8);
        return (codes ^ sign) - sign;
    }
}
