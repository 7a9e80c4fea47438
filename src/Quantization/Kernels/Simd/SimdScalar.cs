using System.Runtime.CompilerServices;

namespace Quantization.Kernels.Simd;

/// <summary>Vectors of one lane: the path without vector hardware, and the plain reading of what the wider ones do.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float, int>
{
    public static bool IsSupported => true;

    public static int Count => 1;

    public static float Broadcast(float value) => value;

    public static int Broadcast(int value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BroadcastQuarters(int first, int second, int third, int fourth)
    {
        int bytes;
        Bytes(&bytes, (byte)first, (byte)second, (byte)third, (byte)fourth);
        return bytes;
    }

    public static float Load(float* source) => *source;

    public static int Load(int* source) => *source;

    public static void Store<TStores>(float values, float* destination)
        where TStores : struct, IStores => *destination = values;

    public static float Min(float left, float right) => left < right ? left : right;

    public static float Max(float left, float right) => left > right ? left : right;

    public static float Multiply(float left, float right) => left * right;

    public static float Divide(float left, float right) => left / right;

    public static float Quotient<TCode, TLanes>(float value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<float, int> => value / lanes.Get(MappingField.Divisor, index, offset);

    public static int RoundToInt32(float value) => (int)MathF.Round(value, MidpointRounding.ToEven);

    // Rounding to an integer makes NaN 0 by itself here, so nothing has to be found and replaced.
    public static bool HasNaN(float first, float second, float third, float fourth) => false;

    public static float ZeroWhereNaN(float value) => value;

    public static float RoundToSingle<TCode>(float value)
        where TCode : unmanaged => RoundToInt32(value);

    // The conversion saturates, and gives 0 for NaN.
    public static int RoundToInt32Saturating(float value) => (int)MathF.Round(value, MidpointRounding.ToEven);

    public static float ToSingle(int value) => value;

    public static int Add(int left, int right) => left + right;

    public static int Subtract(int left, int right) => left - right;

    public static int Max(int left, int right) => Math.Max(left, right);

    public static int MagnitudeBits(float value) => BitConverter.SingleToInt32Bits(value) & int.MaxValue;

    public static float AsSingle(int bits) => BitConverter.Int32BitsToSingle(bits);

    public static bool AreAllWithin(int values, int least, int most) => values >= least && values <= most;

    public static int LargestOfEach(int* vectors) => *vectors;

    public static float ReciprocalError(float divisor, float reciprocal) => (float)(1.0 / divisor - reciprocal);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddProducts<TLeft>(int sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged
    {
        for (int i = 0; i < 4; i++)
        {
            sum += Read(left, i) * right[i];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AddWideProducts(int sum, sbyte* codes, short* factors)
    {
        for (int i = 0; i < 4; i++)
        {
            sum += codes[i] * factors[i];
        }

        return sum;
    }

    public static int Sum(int value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes<TCode, TStores>(float first, float second, float third, float fourth, int zeroPoints, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        // In the order of memory, whichever end comes first.
        byte* offsets = (byte*)&zeroPoints;
        int firstCode = RoundToInt32(first) + offsets[0];
        int secondCode = RoundToInt32(second) + offsets[1];
        int thirdCode = RoundToInt32(third) + offsets[2];
        int fourthCode = RoundToInt32(fourth) + offsets[3];
        if (typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair))
        {
            StoreNarrowed<TCode, TStores>(firstCode, secondCode, thirdCode, fourthCode, destination);
        }
        else
        {
            Bytes((int*)destination, (byte)firstCode, (byte)secondCode, (byte)thirdCode, (byte)fourthCode);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreNarrowed<TCode, TStores>(int first, int second, int third, int fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores
    {
        if (typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair))
        {
            ((byte*)destination)[0] = (byte)((first & 15) | (second << 4));
            ((byte*)destination)[1] = (byte)((third & 15) | (fourth << 4));
            return;
        }

        // Little- or big-endian, a code is written through its own type.
        Write(destination, first);
        Write(destination + 1, second);
        Write(destination + 2, third);
        Write(destination + 3, fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadWidened<TCode>(TCode* source, out int first, out int second, out int third, out int fourth)
        where TCode : unmanaged
    {
        first = Read(source, 0);
        second = Read(source, 1);
        third = Read(source, 2);
        fourth = Read(source, 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Bytes(int* destination, byte first, byte second, byte third, byte fourth)
    {
        byte* bytes = (byte*)destination;
        bytes[0] = first;
        bytes[1] = second;
        bytes[2] = third;
        bytes[3] = fourth;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TCode>(TCode* destination, int code)
        where TCode : unmanaged
    {
        if (sizeof(TCode) == 1)
        {
            *(byte*)destination = (byte)code;
        }
        else if (sizeof(TCode) == 2)
        {
            *(ushort*)destination = (ushort)code;
        }
        else
        {
            *(int*)destination = code;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Read<TCode>(TCode* source, int index)
        where TCode : unmanaged
    {
        if (typeof(TCode) == typeof(SignedPair))
        {
            return (sbyte)(((byte*)source)[index / 2] << (index % 2 == 0 ? 4 : 0)) >> 4;
        }

        if (typeof(TCode) == typeof(UnsignedPair))
        {
            return (((byte*)source)[index / 2] >> (index % 2 == 0 ? 0 : 4)) & 15;
        }

        return typeof(TCode) == typeof(sbyte) ? ((sbyte*)source)[index]
            : typeof(TCode) == typeof(byte) ? ((byte*)source)[index]
            : typeof(TCode) == typeof(short) ? ((short*)source)[index]
            : typeof(TCode) == typeof(ushort) ? ((ushort*)source)[index]
            : ((int*)source)[index];
    }
}
