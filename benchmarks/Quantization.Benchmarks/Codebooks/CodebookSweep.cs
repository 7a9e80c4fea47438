using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>Compares the codes of all 2³² floats with the rule as it is written, for codebooks of 16 and of 256 levels: what the test suite does at thresholds and their neighbours.</summary>
internal static class CodebookSweep
{
    private const int Chunk = 1 << 20;

    public static int Run()
    {
        long wrong = 0;
        foreach ((string name, Codebook book, bool hasOwnNaN) in new[]
        {
            ("NF4, 16 levels", Codebook.NormalFloat4, false), ("µ-law, 256 levels", Codebook.MuLaw(256), false), ("FP4 E2M1", Codebook.Float4E2M1, false), ("FP8 E4M3FN", Codebook.Float8E4M3FN, true),
        })
        {
            Stopwatch watch = Stopwatch.StartNew();
            long different = Count(book, hasOwnNaN);
            Console.WriteLine(FormattableString.Invariant($"{name}: {different} of 4,294,967,296 floats differ, {watch.Elapsed.TotalSeconds:F0} s"));
            wrong += different;
        }

        return wrong == 0 ? 0 : 1;
    }

    private static long Count(Codebook book, bool hasOwnNaN)
    {
        CodebookQuantizer quantizer = new(book);
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
                // Magnitudes rise with the bits, so the cell moves by steps; each value is held against both its thresholds.
                float value = values[i];
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

                    expected = book.Codes[hasNegativeZero && bits[i] == 0x8000_0000 ? cell - 1 : cell];
                }

                different += codes[i] == expected ? 0 : 1;
            }

            Interlocked.Add(ref wrong, different);
            return buffers;
        }, _ => { });
        return wrong;
    }
}
