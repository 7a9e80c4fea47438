using System.Numerics;
using System.Runtime.InteropServices;
using Quantization.Oracles;

namespace Quantization.Tests.Kernels;

/// <summary>Codes against integer arithmetic, at the width this process runs at.</summary>
public class ExactnessTests
{
    /// <summary>
    /// Every float there is, in the order of their bits: codes rise with positive floats and fall with negative ones, so they are compared
    /// threshold by threshold.
    /// </summary>
    [Fact]
    public void All_floats_get_their_int8_codes()
    {
        const float Scale = 0.0123f;
        const sbyte ZeroPoint = 5;
        (uint First, sbyte Code)[] steps = StepsOf(Scale, ZeroPoint);
        const int Chunk = 1 << 16;
        int wrong = 0;
        Parallel.For(
            0,
            1 << 16,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            () => (new uint[Chunk], new sbyte[Chunk]),
            (chunk, _, buffers) =>
            {
                (uint[] bits, sbyte[] codes) = buffers;
                uint start = (uint)chunk << 16;
                for (int i = 0; i < Chunk; i++)
                {
                    bits[i] = start + (uint)i;
                }

                QuantizationPrimitives.Quantize(MemoryMarshal.Cast<uint, float>(bits), Scale, ZeroPoint, codes);
                for (int i = 0; i < Chunk;)
                {
                    int step = Array.FindLastIndex(steps, candidate => candidate.First <= start + (uint)i);
                    long end = step + 1 < steps.Length ? steps[step + 1].First : 1L << 32;
                    int length = (int)Math.Min(Chunk - i, end - (start + (uint)i));
                    if (codes.AsSpan(i, length).ContainsAnyExcept(steps[step].Code))
                    {
                        Interlocked.Increment(ref wrong);
                    }

                    i += length;
                }

                return buffers;
            }, _ => { });
        wrong.Should().Be(0);
    }

    /// <summary>Thresholds and their neighbours for scales of every exponent, subnormal ones included.</summary>
    [Fact]
    public void Codes_change_exactly_at_their_thresholds()
    {
        Random random = new(2026);
        for (int exponent = 0; exponent < 255; exponent++)
        {
            float scale = BitConverter.Int32BitsToSingle((exponent << 23) | Math.Max(random.Next(1 << 23), 1));
            CheckThresholds<sbyte>(scale, (sbyte)random.Next(-128, 128), random, 6);
            CheckThresholds<byte>(scale, (byte)random.Next(256), random, 6);
            CheckThresholds<short>(scale, (short)random.Next(short.MinValue, short.MaxValue), random, 6);
            CheckThresholds<ushort>(scale, (ushort)random.Next(65536), random, 6);
        }
    }

    /// <summary>Mantissas next to the powers of two are where reciprocals are least exact.</summary>
    [Fact]
    public void Scales_beside_powers_of_two_are_exact()
    {
        Random random = new(77);
        foreach (float power in (float[])[1.17549435E-38f, 8.0779357E-28f, 0.0078125f, 1, 1.2379401E+27f])
        {
            foreach (float scale in (float[])[MathF.BitDecrement(power), power, MathF.BitIncrement(power), MathF.BitDecrement(power * 2)])
            {
                CheckThresholds<sbyte>(scale, 3, random, 40);
                CheckThresholds<ushort>(scale, 30_001, random, 40);
            }
        }
    }

    private static void CheckThresholds<TCode>(float scale, TCode zeroPoint, Random random, int count)
        where TCode : unmanaged, IBinaryInteger<TCode>, IMinMaxValue<TCode>
    {
        int min = int.CreateChecked(TCode.MinValue);
        int max = int.CreateChecked(TCode.MaxValue);
        int zero = int.CreateChecked(zeroPoint);
        float[] values = new float[3 * count];
        for (int i = 0; i < count; i++)
        {
            double half = random.Next(min - zero, max - zero) + 0.5;
            float threshold = (float)(half * scale);
            values[3 * i] = MathF.BitDecrement(threshold);
            values[3 * i + 1] = threshold;
            values[3 * i + 2] = MathF.BitIncrement(threshold);
        }

        TCode[] codes = new TCode[values.Length];
        QuantizationPrimitives.Quantize(values, scale, zeroPoint, codes);
        for (int i = 0; i < values.Length; i++)
        {
            int expected = float.IsFinite(values[i]) ? ExactQuotient.Code(values[i], scale, zero, min, max) : values[i] > 0 ? max : min;
            if (int.CreateChecked(codes[i]) != expected)
            {
                Assert.Fail($"{values[i]:R} / {scale:R} + {zero} in {typeof(TCode).Name}: {codes[i]}, not {expected}.");
            }
        }
    }

    /// <summary>Where codes change along the bits 0 … 2³² − 1: positive floats, infinity, NaN, negative floats, infinity, NaN.</summary>
    private static (uint First, sbyte Code)[] StepsOf(float scale, sbyte zeroPoint)
    {
        List<(uint, sbyte)> steps = [(0, zeroPoint)];
        for (int code = zeroPoint + 1; code <= sbyte.MaxValue; code++)
        {
            steps.Add((BitConverter.SingleToUInt32Bits(ExactQuotient.FirstWithCode(code, scale, zeroPoint, -128, 127)), (sbyte)code));
        }

        steps.Add((0x7F800001, zeroPoint));
        steps.Add((0x80000000, zeroPoint));
        for (int code = zeroPoint - 1; code >= sbyte.MinValue; code--)
        {
            // Going down, a code ends at the first value of the code above it.
            float firstAbove = ExactQuotient.FirstWithCode(code + 1, scale, zeroPoint, -128, 127);
            steps.Add((BitConverter.SingleToUInt32Bits(MathF.BitDecrement(firstAbove)), (sbyte)code));
        }

        steps.Add((0xFF800001, zeroPoint));
        return [.. steps];
    }
}
