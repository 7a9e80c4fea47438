namespace Quantization.TorchSharp;

/// <summary>Where the range that the codes are spread over comes from during training.</summary>
public enum RangeMode
{
    /// <summary>
    /// What was seen: for activations a moving average of each batch's smallest and largest value, for weights the largest magnitude at
    /// each step.
    /// </summary>
    Observed,

    /// <summary>The scale is a parameter that is trained with the weights (LSQ). The better choice at 4 bits and below.</summary>
    Learned,
}
