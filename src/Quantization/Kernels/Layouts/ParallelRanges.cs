namespace Quantization.Kernels;

/// <summary>Splits the elements of a tensor among threads.</summary>
internal static class ParallelRanges
{
    /// <summary>Fewer elements are not worth a thread: handing them over takes about as long as mapping them.</summary>
    private const nint SmallestRange = 1 << 16;

    /// <summary>
    /// Ranges start at multiples of this, so that no two threads write the same cache line or the same byte of packed codes, unless the
    /// destination itself begins within one.
    /// </summary>
    private const nint Alignment = 256;

    /// <summary>Whether more than one thread would have work.</summary>
    public static bool AreWorthwhile(nint length, int degree) => degree > 1 && length >= 2 * SmallestRange;

    /// <summary>Calls <paramref name="action"/> with ranges that cover the elements, on up to <paramref name="degree"/> threads.</summary>
    public static void For(nint length, int degree, Action<nint, nint> action)
    {
        nint ranges = Math.Min(degree, length / SmallestRange);
        nint size = (length / ranges + Alignment - 1) / Alignment * Alignment;
        Parallel.For(0, (int)ranges, new ParallelOptions { MaxDegreeOfParallelism = degree }, i =>
            action(Math.Min(i * size, length), i == ranges - 1 ? length : Math.Min((i + 1) * size, length)));
    }
}
