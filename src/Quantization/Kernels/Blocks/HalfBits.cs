using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// Conversions between float and the bits of half precision, a few instructions each where they are used. Those of <see cref="Half"/> are
/// calls, and slow until the runtime has compiled them anew.
/// </summary>
internal static class HalfBits
{
    /// <summary>By how much the exponents' biases differ, 127 − 15, as a factor.</summary>
    private const float BiasFactor = 5.192297E+33f;

    /// <summary>The fraction bits that halves lack.</summary>
    private const int LostBits = 13;

    private const uint SignBit = 0x80000000;
    private const uint FloatInfinity = 0x7F800000;
    private const uint HalfInfinity = 0x7C00;

    /// <summary>The smallest float that rounds to infinity: halfway between the largest half and the next power of two.</summary>
    private const uint RoundsToInfinity = 0x477FF000;

    /// <summary>The smallest half that is not subnormal, 2⁻¹⁴.</summary>
    private const uint SmallestNormal = 0x38800000;

    /// <summary>Rounds a float that is not NaN half to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Of(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = (bits & SignBit) >> 16;
        uint magnitude = bits & ~SignBit;
        if (magnitude >= RoundsToInfinity)
        {
            return (ushort)(sign | HalfInfinity);
        }

        if (magnitude < SmallestNormal)
        {
            // Beside 1/2, the last bit of a float is 2⁻²⁴, the step of subnormal halves: the sum rounds as they do.
            uint sum = BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) + 0.5f);
            return (ushort)(sign | (sum - BitConverter.SingleToUInt32Bits(0.5f)));
        }

        // Half of a step, less one bit where the result would be even anyway; then the biases' difference.
        uint isOdd = (magnitude >> LostBits) & 1;
        return (ushort)(sign | ((magnitude + 0xFFF + isOdd - (112u << 23)) >> LostBits));
    }

    /// <summary>The float of a half; exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half)
    {
        uint magnitude = (half & 0x7FFFu) << LostBits;
        uint bits = (half & HalfInfinity) == HalfInfinity
            ? magnitude | FloatInfinity
            : BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(magnitude) * BiasFactor);
        return BitConverter.UInt32BitsToSingle(bits | ((half & 0x8000u) << 16));
    }
}
