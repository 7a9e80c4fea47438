using System.Numerics;

namespace Quantization.Tests.Kernels;

/// <summary>The kernels at the width this process runs at, against the definition spelled out one element at a time.</summary>
public unsafe class QuantizeAgainstDefinitionTests
{
    private static readonly float[] Specials =
    [
        0, -0f, float.NaN, -float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), float.PositiveInfinity, float.NegativeInfinity,
        float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon, 1.17549435E-38f, -1.17549435E-38f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f,
        127.5f, -128.5f, 255.5f, 32767.5f, 65535.5f, 2147483648f, -2147483648f,
    ];

    [Theory]
    [InlineData(1e-45f)]
    [InlineData(1e-40f)]
    [InlineData(1.17549435E-38f)]
    [InlineData(1e-30f)]
    [InlineData(8.07793e-28f)]
    [InlineData(8.078e-28f)]
    [InlineData(1e-10f)]
    [InlineData(0.007843138f)]
    [InlineData(0.37f)]
    [InlineData(1f)]
    [InlineData(12345.678f)]
    [InlineData(1.2379401E+27f)]
    [InlineData(1e30f)]
    [InlineData(1.5e38f)]
    [InlineData(float.MaxValue)]
    public void Every_code_type_equals_the_definition_at_every_threshold(float scale)
    {
        Check<sbyte>(scale, [0, 5, -128, 127]);
        Check<byte>(scale, [0, 3, 128, 255]);
        Check<short>(scale, [0, 77, short.MinValue, short.MaxValue]);
        Check<ushort>(scale, [0, 77, 32768, ushort.MaxValue]);
        Check<int>(scale, [0, 77, int.MinValue, int.MaxValue]);
    }

    private static void Check<TCode>(float scale, int[] zeroPoints)
        where TCode : unmanaged, IBinaryInteger<TCode>, IMinMaxValue<TCode>
    {
        float[] values = NearThresholds(scale);
        TCode[] codes = new TCode[values.Length];
        float[] back = new float[values.Length];
        float[] fake = new float[values.Length];
        foreach (int zeroPoint in zeroPoints)
        {
            TCode zero = TCode.CreateChecked(zeroPoint);
            QuantizationPrimitives.Quantize(values, scale, zero, codes);
            QuantizationPrimitives.Dequantize(codes, scale, zero, back);
            QuantizationPrimitives.FakeQuantize(values, scale, zero, fake);
            for (int i = 0; i < values.Length; i++)
            {
                int expected = Reference(values[i], scale, zeroPoint, int.CreateChecked(TCode.MinValue), int.CreateChecked(TCode.MaxValue));
                if (codes[i] != TCode.CreateChecked(expected))
                {
                    Assert.Fail($"{values[i]:R} / {scale:R} + {zeroPoint} in {typeof(TCode).Name}: {codes[i]}, not {expected}.");
                }

                float expectedValue = (float)((long)expected - zeroPoint) * scale;
                if (BitConverter.SingleToInt32Bits(back[i]) != BitConverter.SingleToInt32Bits(expectedValue)
                    || BitConverter.SingleToInt32Bits(fake[i]) != BitConverter.SingleToInt32Bits(expectedValue))
                {
                    Assert.Fail($"Code {expected} of {typeof(TCode).Name} with scale {scale:R} and zero-point {zeroPoint}: {back[i]:R} and "
                        + $"{fake[i]:R}, not {expectedValue:R}.");
                }
            }
        }
    }

    private static int Reference(float value, float scale, int zeroPoint, int min, int max)
    {
        if (float.IsNaN(value))
        {
            return zeroPoint;
        }

        double rounded = Math.Round((double)(value / scale), MidpointRounding.ToEven);
        return (int)Math.Clamp(rounded + zeroPoint, min, max);
    }

    private static float[] NearThresholds(float scale)
    {
        List<float> values = [.. Specials];
        Random random = new(BitConverter.SingleToInt32Bits(scale));
        IEnumerable<double> halves = Enumerable.Range(0, 300)
            .Select(k => k + 0.5).Concat(Enumerable.Range(0, 700).Select(_ => random.Next(0, 70_000) + 0.5));
        foreach (double half in halves)
        {
            float threshold = (float)(half * scale);
            foreach (float near in (float[])[MathF.BitDecrement(threshold), threshold, MathF.BitIncrement(threshold)])
            {
                values.Add(near);
                values.Add(-near);
            }
        }

        return [.. values];
    }
}
