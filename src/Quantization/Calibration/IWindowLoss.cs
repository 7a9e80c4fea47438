namespace Quantization;

/// <summary>What clipping a histogram to the window of bins <c>[start, end)</c> costs.</summary>
internal interface IWindowLoss
{
    /// <summary>
    /// Whether only windows that end in bins with values are candidates; an end in an empty bin moves outward to the next such bin.
    /// </summary>
    bool EndsHoldValues { get; }

    /// <summary>The loss; +∞ where the window is no candidate.</summary>
    /// <param name="start">The first bin of the window.</param>
    /// <param name="end">The bin behind its last.</param>
    /// <param name="limit">A larger loss need not be exact, as long as it is above this too.</param>
    double Of(int start, int end, double limit);
}
