namespace Quantization;

/// <summary>
/// Searches the windows of a two-sided histogram that contain 0. Both ends are free, so all pairs are too many for a fine histogram: all
/// pairs of up to 64 evenly spaced ends per side are compared, and the best is then refined in halved steps down to single bins. With at
/// most 64 bins per side the search is exhaustive.
/// </summary>
internal static class WindowSearch
{
    private const int EndsPerSide = 64;

    public static RangeSearch Find<TLoss>(SignedHistogram histogram, TLoss loss)
        where TLoss : IWindowLoss
    {
        int lower = histogram.Zero;
        int upper = histogram.Counts.Length - histogram.Zero;
        int lowerStep = StepFor(lower);
        int upperStep = StepFor(upper);
        Search<TLoss> search = new(histogram, loss);
        for (int below = lowerStep - 1; below < lower + lowerStep - 1; below += lowerStep)
        {
            for (int above = upperStep - 1; above < upper + upperStep - 1; above += upperStep)
            {
                search.Try(below, above);
            }
        }

        while (lowerStep > 1 || upperStep > 1)
        {
            lowerStep = Math.Max(lowerStep / 2, 1);
            upperStep = Math.Max(upperStep / 2, 1);
            search.Refine(lowerStep, upperStep);
        }

        return search.Best;
    }

    private static int StepFor(int bins) => (bins + EndsPerSide - 1) / EndsPerSide;

    private sealed class Search<TLoss>(SignedHistogram histogram, TLoss loss)
        where TLoss : IWindowLoss
    {
        private int _below;
        private int _above;

        /// <summary>All bins are a candidate too: the best is no worse.</summary>
        private double _limit = loss.Of(0, histogram.Counts.Length, double.PositiveInfinity);

        public RangeSearch Best { get; private set; } = new(0, histogram.Counts.Length, double.PositiveInfinity, 0);

        /// <summary>
        /// Compares the window whose last bins are <paramref name="below"/> below 0 and <paramref name="above"/> above; of equal minima the
        /// widest wins.
        /// </summary>
        public bool Try(int below, int above)
        {
            int start = histogram.Zero - 1 - Math.Clamp(below, 0, histogram.Zero - 1);
            int last = histogram.Zero + Math.Clamp(above, 0, histogram.Counts.Length - histogram.Zero - 1);
            while (loss.EndsHoldValues && histogram.Counts[start] == 0)
            {
                start--;
            }

            while (loss.EndsHoldValues && histogram.Counts[last] == 0)
            {
                last++;
            }

            double here = loss.Of(start, last + 1, _limit);
            bool better = here < Best.Loss || (here == Best.Loss && last + 1 - start > Best.End - Best.Start);
            if (better)
            {
                (_below, _above) = (histogram.Zero - 1 - start, last - histogram.Zero);
                Best = new RangeSearch(start, last + 1, here, Best.Candidates);
                _limit = Math.Min(_limit, here);
            }

            Best = Best with { Candidates = Best.Candidates + (double.IsPositiveInfinity(here) ? 0 : 1) };
            return better;
        }

        public void Refine(int lowerStep, int upperStep)
        {
            bool better = true;
            while (better)
            {
                (int below, int above) = (_below, _above);
                better = false;
                for (int i = -1; i <= 1; i++)
                {
                    for (int j = -1; j <= 1; j++)
                    {
                        better |= Try(below + i * lowerStep, above + j * upperStep);
                    }
                }
            }
        }
    }
}
