namespace Quantization.Codebooks;

/// <summary>
/// A codebook over all floats in total order: the cells of its real thresholds, and one more at each end for NaN of either sign. Cell i
/// begins at key i − 1 and has a code; several cells may share one.
/// </summary>
internal sealed class CodebookCells
{
    private CodebookCells(int[] keys, byte[] codes, float[] levels)
    {
        Keys = keys;
        Codes = codes;
        Levels = levels;
        LevelPlanes = SplitBytes(levels.AsSpan(0, LevelKernel.SmallTable));
        MaxCode = codes.Max();
        (Tree, Buckets, Heap) = CreateSearches(keys, codes);
        Grid = ThresholdGrid.Create(keys, codes);
    }

    /// <summary>The keys at which a new cell begins, strictly ascending.</summary>
    public int[] Keys { get; }

    /// <summary>The code of each cell; one more than keys.</summary>
    public byte[] Codes { get; }

    /// <summary>The level of each byte; meaningless above <see cref="MaxCode"/>.</summary>
    public float[] Levels { get; }

    /// <summary>The lowest bytes of the first 16 levels, then the second ones, and so on.</summary>
    public byte[] LevelPlanes { get; }

    /// <summary>The largest code.</summary>
    public byte MaxCode { get; }

    /// <summary>The search in registers, for processors that have enough of them.</summary>
    public ThresholdTree Tree { get; }

    /// <summary>The search by intervals of equal length, where those tell the thresholds apart.</summary>
    public ThresholdBuckets? Buckets { get; }

    /// <summary>The search among 15 thresholds that are multiplied by scales, where comparisons of numbers can decide.</summary>
    public ThresholdHeap? Heap { get; }

    /// <summary>The table that narrows the search down to few thresholds, for all processors.</summary>
    public ThresholdGrid Grid { get; }

    /// <summary>The cells of a book of real numbers: −0 counts as +0, NaN gets the code of 0.</summary>
    public static CodebookCells OfReals(ReadOnlySpan<float> thresholds, ReadOnlySpan<float> levels)
    {
        int[] keys = new int[thresholds.Length];
        byte zeroCode = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            // A threshold at 0 lets −0 in.
            keys[i] = thresholds[i] == 0 ? TotalOrder.NegativeZero : TotalOrder.Key(thresholds[i]);
            zeroCode += thresholds[i] <= 0 ? (byte)1 : (byte)0;
        }

        byte[] codes = new byte[levels.Length];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (byte)i;
        }

        float[] table = new float[Codebook.MaxLevels];
        levels.CopyTo(table);
        return Create(keys, codes, zeroCode, zeroCode, table);
    }

    /// <summary>The cells of thresholds given by their keys, each with its code, and the codes of NaN.</summary>
    public static CodebookCells Create(
        ReadOnlySpan<int> keys, ReadOnlySpan<byte> codes, byte negativeNaN, byte positiveNaN, float[] levels) => new(
            [TotalOrder.NegativeInfinity, .. keys, TotalOrder.PositiveInfinity + 1],
            [negativeNaN, .. codes, positiveNaN],
            levels);

    /// <summary>The definition: the code of the cell whose index is the number of keys at or below the value's.</summary>
    public byte Encode(float value) => Codes[CellOf(Keys, value)];

    private static byte[] SplitBytes(ReadOnlySpan<float> levels)
    {
        byte[] planes = new byte[levels.Length * sizeof(float)];
        for (int level = 0; level < levels.Length; level++)
        {
            int bits = BitConverter.SingleToInt32Bits(levels[level]);
            for (int plane = 0; plane < sizeof(float); plane++)
            {
                planes[plane * levels.Length + level] = (byte)(bits >> (8 * plane));
            }
        }

        return planes;
    }

    private static int CellOf(int[] keys, float value)
    {
        int index = Array.BinarySearch(keys, TotalOrder.Key(value));
        return index >= 0 ? index + 1 : ~index;
    }

    private static (ThresholdTree Tree, ThresholdBuckets? Buckets, ThresholdHeap? Heap) CreateSearches(int[] keys, byte[] codes)
    {
        // NaN that shares the code of 0 is replaced by 0; a search need not have cells for it.
        float[] thresholds = Array.ConvertAll(keys, TotalOrder.Value);
        byte zeroCode = codes[CellOf(keys, 0)];
        if (codes[0] == zeroCode && codes[^1] == zeroCode)
        {
            Span<float> reals = thresholds.AsSpan(1, thresholds.Length - 2);
            Span<byte> realCodes = codes.AsSpan(1, codes.Length - 2);
            return (
                new ThresholdTree(reals, realCodes, nanIsZero: true),
                ThresholdBuckets.Create(reals, realCodes),
                ThresholdHeap.Create(reals, realCodes));
        }

        (thresholds[0], thresholds[^1]) = (MathF.Abs(float.NaN), -MathF.Abs(float.NaN));
        return (new ThresholdTree(thresholds, codes, nanIsZero: false), null, null);
    }
}
