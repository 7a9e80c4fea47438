using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>
/// Compares the codes of all 2³² floats with the rule as it is written, for codebooks of 16 and of 256 levels and several scales: what the
/// test suite does at thresholds and their neighbours.
/// </summary>
internal static class CodebookSweep
{
    private const int Chunk = 1 << 20;

    /// <summary>1, ordinary ones, one that takes the way of extreme scales, and a subnormal one.</summary>
    private static readonly float[] SmallBookScales = [1, 0.0123f, 0.99999994f, 48, 1e25f, 1e30f, 1e-40f];

    public static int Run()
    {
        long wrong = 0;
        foreach ((string name, Codebook book, bool hasOwnNaN) in new[]
        {
            ("NF4, 16 levels", Codebook.NormalFloat4, false),
            ("FP4 E2M1", Codebook.Float4E2M1, false),
            ("A-law, 16 levels", Codebook.ALaw(16), false),
            ("powers of two, 255 levels", Codebook.PowersOfTwo(8), false),
            ("µ-law, 256 levels", Codebook.MuLaw(256), false),
            ("FP8 E4M3FN", Codebook.Float8E4M3FN, true),
            ("FP8 E5M2", Codebook.Float8E5M2, true),
        })
        {
            foreach (float scale in book.Levels.Length <= 16 ? SmallBookScales : [1f])
            {
                Stopwatch watch = Stopwatch.StartNew();
                long different = Count(book, scale, hasOwnNaN);
                Console.WriteLine(FormattableString.Invariant(
                    $"{name}, scale {scale:R}: {different} of 4,294,967,296 floats differ, {watch.Elapsed.TotalSeconds:F0} s"));
                wrong += different;
            }
        }

        return wrong == 0 ? 0 : 1;
    }

    private static long Count(Codebook book, float scale, bool hasOwnNaN)
    {
        CodebookQuantizer quantizer = new(book, CodeFormat.UInt8, new QuantizationParameters([scale]));
        bool hasNegativeZero = book.Codes[0] != 0;
        long wrong = 0;
        Parallel.For(0, (int)((1L << 32) / Chunk), () => (new uint[Chunk], new byte[Chunk]), (chunk, _, buffers) =>
        {
            (uint[] bits, byte[] codes) = buffers;
            for (int i = 0; i < Chunk; i++)
            {
                bits[i] = (uint)chunk * Chunk + (uint)i;
            }

            ReadOnlySpan<float> values = MemoryMarshal.Cast<uint, float>(bits);
            quantizer.Quantize(values, codes.AsSpan());
            int cell = 0;
            long different = 0;
            for (int i = 0; i < Chunk; i++)
            {
                // Magnitudes rise with the bits, so the cell moves by steps; each quotient is held against both its thresholds.
                float value = values[i] / scale;
                int expected;
                if (float.IsNaN(value))
                {
                    expected = hasOwnNaN ? (float.IsNegative(value) ? 0xFF : 0x7F) : book.Encode(0);
                }
                else
                {
                    while (cell < book.Thresholds.Length && book.Thresholds[cell] <= value)
                    {
                        cell++;
                    }

                    while (cell > 0 && book.Thresholds[cell - 1] > value)
                    {
                        cell--;
                    }

                    expected = book.Codes[hasNegativeZero && value == 0 && float.IsNegative(value) ? cell - 1 : cell];
                }

                different += codes[i] == expected ? 0 : 1;
            }

            Interlocked.Add(ref wrong, different);
            return buffers;
        }, _ => { });
        return wrong;
    }
}
