namespace Quantization.Codebooks;

/// <summary>
/// A binary search among 15 thresholds as a heap: number 1 halves the cells, and numbers 2h and 2h + 1 halve what lies below and above
/// number h. After four comparisons the number is 16 + path.
/// </summary>
internal sealed class ThresholdHeap
{
    /// <summary>The numbers of the heap; 0 is none.</summary>
    public const int Length = 16;

    private ThresholdHeap(double[] boundaries, byte[] codes)
    {
        Boundaries = boundaries;
        Codes = codes;
    }

    /// <summary>The <see cref="ThresholdBoundary"/> of each number.</summary>
    public double[] Boundaries { get; }

    /// <summary>The code at the end of each path.</summary>
    public byte[] Codes { get; }

    /// <summary>The heap, or null where there are more than 15 thresholds, or one that tells −0 from +0.</summary>
    /// <param name="thresholds">Finite, ascending in total order.</param>
    /// <param name="codes">The code of each cell; one more than thresholds.</param>
    public static ThresholdHeap? Create(ReadOnlySpan<float> thresholds, ReadOnlySpan<byte> codes)
    {
        if (codes.Length > Length)
        {
            return null;
        }

        // Missing thresholds repeat the last one: the cells between have no values.
        Span<float> padded = stackalloc float[Length - 1];
        padded.Fill(thresholds[^1]);
        thresholds.CopyTo(padded);
        double[] boundaries = new double[Length];
        for (int number = 1; number < Length; number++)
        {
            int level = (int)uint.Log2((uint)number);
            int width = Length >> level;
            float threshold = padded[(number - (1 << level)) * width + width / 2 - 1];

            // Comparisons of numbers cannot tell zeros apart: a threshold of +0 would let −0 in.
            if (BitConverter.SingleToInt32Bits(threshold) == 0)
            {
                return null;
            }

            boundaries[number] = ThresholdBoundary.Of(threshold);
        }

        byte[] codesByPath = new byte[Length];
        codesByPath.AsSpan().Fill(codes[^1]);
        codes.CopyTo(codesByPath);
        return new ThresholdHeap(boundaries, codesByPath);
    }
}
