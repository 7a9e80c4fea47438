namespace Quantization;

/// <summary>What a search over windows of bins found.</summary>
/// <param name="Start">The first bin kept.</param>
/// <param name="End">One past the last bin kept.</param>
/// <param name="Loss">The loss of that window.</param>
/// <param name="Candidates">How many windows were compared.</param>
internal readonly record struct RangeSearch(int Start, int End, double Loss, long Candidates);
