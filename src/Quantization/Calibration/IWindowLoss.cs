namespace Quantization;

/// <summary>What clipping a histogram to the window of bins <c>[start, end)</c> costs.</summary>
internal interface IWindowLoss
{
    /// <summary>The loss; +∞ where the window is no candidate.</summary>
    double Of(int start, int end);
}
