using System.Numerics;
using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>
/// Counts one long span in a single pass over memory: bounds and bins of a piece while it is in the first-level cache. The counters have 32
/// bits, which a span cannot overflow: half the footprint in the cache for another pass over the bins. They are the span's own, so that a
/// span with a value that must be refused leaves no trace.
/// </summary>
internal unsafe ref struct NarrowHistogram
{
    /// <summary>Narrow counters of this many bins fill the first-level cache.</summary>
    public const int MostBins = 2 * TensorStatistics.DefaultBinsPerSign + HistogramKernels.ZeroSlots;

    /// <summary>A divisor of every number of bins and slots.</summary>
    private const int BinsAtOnce = 16;

    private readonly Span<uint> _bins;
    private readonly int _binsPerSign;

    /// <param name="bins">As many counters as the statistics have bins and slots.</param>
    /// <param name="exponent">The k to begin with: that of the statistics.</param>
    public NarrowHistogram(Span<uint> bins, int exponent)
    {
        _bins = bins;
        _binsPerSign = (bins.Length - HistogramKernels.ZeroSlots) / 2;
        Exponent = exponent;
        bins.Clear();
    }

    /// <summary>k: what it was at the beginning, or what the largest magnitude of the span asks for.</summary>
    public int Exponent { get; private set; }

    /// <summary>The bounds of the values counted.</summary>
    public HistogramScan Scan { get; private set; } = HistogramScan.Empty;

    /// <summary>Whether a span is long enough to be worth the passes over the counters.</summary>
    public static bool IsFor(int length, int bins) => bins <= MostBins && length >= 4 * bins;

    /// <summary>
    /// Counts a span; stops at the piece with the first value that is not finite, and then what was counted means nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public void Count(ReadOnlySpan<float> values)
    {
        int* indices = stackalloc int[HistogramKernels.PieceLength];
        BinIndexer indexer = new(Exponent, _binsPerSign);
        fixed (float* source = values)
        fixed (uint* counts = _bins)
        {
            int start = 0;
            for (; start <= values.Length - HistogramKernels.PieceLength; start += HistogramKernels.PieceLength)
            {
                if (Extend(indexer.IndexAndScan(source + start, indices)))
                {
                    indexer = new BinIndexer(Exponent, _binsPerSign);
                    indexer.Index(source + start, HistogramKernels.PieceLength, indices);
                }

                if (!Scan.IsFinite)
                {
                    return;
                }

                HistogramKernels.IncrementPiece(indices, counts);
            }

            Extend(HistogramScan.Of(values[start..]));
            if (Scan.IsFinite)
            {
                new BinIndexer(Exponent, _binsPerSign).Index(source + start, values.Length - start, indices);
                HistogramKernels.Increment(indices, values.Length - start, counts);
            }
        }
    }

    /// <summary>Adds the counts to those of the statistics, which must have taken over the bounds.</summary>
    /// <returns>The number of zeros, which are in no bin.</returns>
    public readonly long AddTo(Span<long> bins)
    {
        long zeros = HistogramKernels.TakeZeros(_bins);
        for (int start = 0; start < _bins.Length; start += BinsAtOnce)
        {
            // Most bins of most spans are empty; those of the statistics stay out of the cache then.
            ReadOnlySpan<uint> some = _bins.Slice(start, BinsAtOnce);
            if (some.ContainsAnyExcept(0u))
            {
                for (int i = 0; i < some.Length; i++)
                {
                    bins[start + i] += some[i];
                }
            }
        }

        return zeros;
    }

    /// <summary>Takes bounds over.</summary>
    /// <returns>Whether that widened the bins.</returns>
    private bool Extend(HistogramScan piece)
    {
        Scan = Scan.And(piece);
        int exponent = Scan.IsFinite ? BinLayout.ExponentFor(piece.MaxMagnitude, _binsPerSign) : Exponent;
        if (exponent <= Exponent)
        {
            return false;
        }

        HistogramKernels.MergeNeighbours(_bins[.._binsPerSign], exponent - Exponent);
        HistogramKernels.MergeNeighbours(_bins.Slice(_binsPerSign, _binsPerSign), exponent - Exponent);
        Exponent = exponent;
        return true;
    }
}
