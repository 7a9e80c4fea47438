namespace Quantization;

/// <summary>What clipping a histogram to the window of bins <c>[start, end)</c> costs.</summary>
internal interface IWindowLoss
{
    /// <summary>Whether only windows that end in bins with values are candidates; an end in an empty bin moves outward to the next such bin.</summary>
    bool EndsHoldValues { get; }

    /// <summary>The loss; +∞ where the window is no candidate.</summary>
    double Of(int start, int end);
}
