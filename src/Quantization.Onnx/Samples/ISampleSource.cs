namespace Quantization.Onnx;

/// <summary>
/// Samples to run a model on, read one at a time: memory does not grow with their number. Every enumeration starts again and gives the same
/// samples in the same order.
/// </summary>
public interface ISampleSource : IEnumerable<ModelSample>
{
    /// <summary>The number of samples, for progress; null where it is not known before reading them.</summary>
    int? Count { get; }
}
