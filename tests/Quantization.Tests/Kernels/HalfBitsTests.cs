using Quantization.Kernels;

namespace Quantization.Tests.Kernels;

/// <summary>Against the runtime's own conversions.</summary>
public class HalfBitsTests
{
    [Fact]
    public void Every_half_becomes_the_float_that_the_runtime_makes_of_it()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float actual = HalfBits.ToSingle((ushort)bits);
            if (!float.IsNaN(expected) && BitConverter.SingleToInt32Bits(actual) != BitConverter.SingleToInt32Bits(expected))
            {
                Assert.Fail($"Half {bits:X4}: {actual:R} instead of {expected:R}");
            }

            (float.IsNaN(actual) == float.IsNaN(expected)).Should().BeTrue();
        }
    }

    [Fact]
    public void Floats_round_as_the_runtime_rounds_them_at_every_half_and_between()
    {
        for (int half = 0; half < 0x7C00; half++)
        {
            float value = (float)BitConverter.UInt16BitsToHalf((ushort)half);
            float next = half == 0x7BFF ? 65536 : (float)BitConverter.UInt16BitsToHalf((ushort)(half + 1));
            int middle = BitConverter.SingleToInt32Bits((value + next) / 2);
            foreach (int bits in (int[])[BitConverter.SingleToInt32Bits(value), middle - 1, middle, middle + 1])
            {
                Check(bits);
                Check(bits | int.MinValue);
            }
        }

        Check(BitConverter.SingleToInt32Bits(float.PositiveInfinity));
        Check(BitConverter.SingleToInt32Bits(float.MaxValue));
        Check(1);
    }

    private static void Check(int bits)
    {
        float value = BitConverter.Int32BitsToSingle(bits);
        ushort expected = BitConverter.HalfToUInt16Bits((Half)value);
        ushort actual = HalfBits.Of(value);
        if (actual != expected)
        {
            Assert.Fail($"{value:R}: {actual:X4} instead of {expected:X4}");
        }
    }
}
