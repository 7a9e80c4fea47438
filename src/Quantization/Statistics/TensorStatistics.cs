namespace Quantization;

/// <summary>What was seen of a tensor's values.</summary>
public sealed class TensorStatistics
{
}
