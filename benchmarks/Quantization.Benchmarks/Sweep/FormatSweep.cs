using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using Quantization.Oracles;

namespace Quantization.Benchmarks.Sweep;

/// <summary>
/// Compares the codes of all 2³² floats with exact arithmetic, for every code type, several scales and zero-points: what the test suite
/// does for one format.
/// </summary>
internal static class FormatSweep
{
    private const int Chunk = 1 << 20;

    public static int Run()
    {
        Stopwatch watch = Stopwatch.StartNew();
        long wrong = 0;
        foreach (float scale in (float[])[1e-40f, 0.0123f, 0.99999994f, 1, 1e30f])
        {
            wrong += Check<sbyte>(scale, -5) + Check<byte>(scale, 131) + Check<short>(scale, 1001) + Check<ushort>(scale, 30_001);
        }

        Console.WriteLine($"{wrong} chunks differ, {watch.Elapsed.TotalSeconds:F0} s");
        return wrong == 0 ? 0 : 1;
    }

    private static long Check<TCode>(float scale, TCode zeroPoint)
        where TCode : unmanaged, IBinaryInteger<TCode>, IMinMaxValue<TCode>
    {
        int zero = int.CreateChecked(zeroPoint);
        int min = int.CreateChecked(TCode.MinValue);
        int max = int.CreateChecked(TCode.MaxValue);
        List<(uint First, TCode Code)> steps = [(0, zeroPoint)];
        for (int code = zero + 1; code <= max; code++)
        {
            Add(BitConverter.SingleToUInt32Bits(ExactQuotient.FirstWithCode(code, scale, zero, min, max)), code);
        }

        steps.Add((0x7F800001, zeroPoint));
        steps.Add((0x80000000, zeroPoint));
        for (int code = zero - 1; code >= min; code--)
        {
            Add(BitConverter.SingleToUInt32Bits(MathF.BitDecrement(ExactQuotient.FirstWithCode(code + 1, scale, zero, min, max))), code);
        }

        steps.Add((0xFF800001, zeroPoint));

        // Of codes that begin at the same float only the last is reached.
        void Add(uint first, int code)
        {
            if (steps[^1].First == first)
            {
                steps.RemoveAt(steps.Count - 1);
            }

            steps.Add((first, TCode.CreateChecked(code)));
        }

        long wrong = 0;
        Parallel.For(0, (int)((1L << 32) / Chunk), () => (new uint[Chunk], new TCode[Chunk]), (chunk, _, buffers) =>
        {
            (uint[] bits, TCode[] codes) = buffers;
            long start = (long)chunk * Chunk;
            for (int i = 0; i < Chunk; i++)
            {
                bits[i] = (uint)(start + i);
            }

            QuantizationPrimitives.Quantize(MemoryMarshal.Cast<uint, float>(bits), scale, zeroPoint, codes);
            int step = steps.FindLastIndex(candidate => candidate.First <= start);
            for (int i = 0; i < Chunk; step++)
            {
                long end = step + 1 < steps.Count ? steps[step + 1].First : 1L << 32;
                int length = (int)Math.Min(Chunk - i, end - (start + i));
                if (codes.AsSpan(i, length).ContainsAnyExcept(steps[step].Code))
                {
                    Interlocked.Increment(ref wrong);
                }

                i += length;
            }

            return buffers;
        }, _ => { });
        Console.WriteLine(FormattableString.Invariant(
            $"{typeof(TCode).Name}, scale {scale:R}, zero-point {zero}: {steps.Count} steps, {wrong} chunks differ"));
        return wrong;
    }
}
