using System.Runtime.Intrinsics;

namespace Quantization.Codebooks;

/// <summary>
/// The tables of a binary search that fit into registers: the threshold that halves the cells, then those that halve the halves, the
/// quarters and so on; for 16 or for 256 cells.
/// </summary>
/// <remarks>
/// A value lies below a threshold exactly if the sign bit of <c>value − threshold</c> is set: IEEE subtraction underflows gradually, so the
/// difference is 0 only for equal values, and then +0. Zeros decide in total order by the same rule: −0 − (+0) = −0 lies below, −0 − (−0) =
/// +0 does not. A difference with one NaN has that NaN's sign, with two the sign of the first. So a −NaN as last threshold lets only +NaN
/// pass, and a +NaN as first one keeps only −NaN below. The path to a cell has a bit for each comparison, the first one lowest, set where
/// the value lies below. It is also the lane to read the next threshold from.
/// </remarks>
internal sealed class ThresholdTree
{
    /// <summary>The comparisons of the smaller tree, which finds one of 16 cells.</summary>
    public const int SmallDepth = 4;

    /// <summary>The comparisons of the larger tree, which finds one of 256 cells.</summary>
    public const int LargeDepth = 8;

    private const int Lanes = 16;

    /// <summary>The tree over the cells between thresholds, which ascend in total order.</summary>
    /// <param name="thresholds">Finite; or, where NaN has cells of its own, +NaN first and −NaN last.</param>
    /// <param name="codes">The code of each cell.</param>
    /// <param name="nanIsZero">Whether NaN is to be taken for 0.</param>
    public ThresholdTree(ReadOnlySpan<float> thresholds, ReadOnlySpan<byte> codes, bool nanIsZero)
    {
        NaNIsZero = nanIsZero;
        Depth = codes.Length <= 1 << SmallDepth ? SmallDepth : LargeDepth;
        int cells = 1 << Depth;

        // The last threshold stands in for missing ones: the cells between have no values.
        Span<float> padded = stackalloc float[cells - 1];
        padded.Fill(thresholds[^1]);
        thresholds.CopyTo(padded);
        Codes = new byte[cells];
        for (int path = 0; path < cells; path++)
        {
            Codes[path] = codes[Math.Min(CellsBelow(path, Depth), codes.Length - 1)];
        }

        Root = ByPath(padded, 0, 0);
        Level1 = ByPath(padded, 1, 0);
        Level2 = ByPath(padded, 2, 0);
        Level3 = ByPath(padded, 3, 0);
        if (Depth == SmallDepth)
        {
            return;
        }

        Level4 = ByPath(padded, 4, 0);
        (Level5A, Level5B) = (ByPath(padded, 5, 0), ByPath(padded, 5, 1));
        (Level6A, Level6B, Level6C, Level6D) = (ByPath(padded, 6, 0), ByPath(padded, 6, 1), ByPath(padded, 6, 2), ByPath(padded, 6, 3));
        (Level7A, Level7B, Level7C, Level7D) = (ByPath(padded, 7, 0), ByPath(padded, 7, 1), ByPath(padded, 7, 2), ByPath(padded, 7, 3));
        (Level7E, Level7F, Level7G, Level7H) = (ByPath(padded, 7, 4), ByPath(padded, 7, 5), ByPath(padded, 7, 6), ByPath(padded, 7, 7));
    }

    /// <summary>The comparisons to a cell: <see cref="SmallDepth"/> or <see cref="LargeDepth"/>.</summary>
    public int Depth { get; }

    /// <summary>Whether NaN is taken for 0; otherwise it has cells of its own.</summary>
    public bool NaNIsZero { get; }

    /// <summary>The code at the end of each path.</summary>
    public byte[] Codes { get; }

    /// <summary>
    /// Level k has 2^k thresholds, by the first k bits of the path; repeated where they are fewer than lanes, in several registers where
    /// they are more.
    /// </summary>
    public readonly Vector512<float> Root, Level1, Level2, Level3, Level4, Level5A, Level5B, Level6A, Level6B, Level6C, Level6D,
        Level7A, Level7B, Level7C, Level7D, Level7E, Level7F, Level7G, Level7H;

    /// <summary>The thresholds of a level for 16 successive paths.</summary>
    private Vector512<float> ByPath(ReadOnlySpan<float> thresholds, int level, int register)
    {
        Span<float> lanes = stackalloc float[Lanes];
        for (int lane = 0; lane < Lanes; lane++)
        {
            lanes[lane] = thresholds[CellsBelow(register * Lanes + lane, level) + (1 << (Depth - level - 1)) - 1];
        }

        return Vector512.Create<float>(lanes);
    }

    /// <summary>The cells that the first comparisons of a path left below: half of what remained for each bit that is not set.</summary>
    private int CellsBelow(int path, int comparisons)
    {
        int cells = 0;
        for (int bit = 0; bit < comparisons; bit++)
        {
            cells += (path >> bit & 1) == 0 ? 1 << (Depth - bit - 1) : 0;
        }

        return cells;
    }
}
