namespace Quantization.Onnx;

/// <summary>A way to find out how sensitive layers are to quantization. No single one is agreed upon.</summary>
public enum SensitivityMeasure
{
    /// <summary>
    /// The noise that quantization is expected to bring, from the calibration and the weights alone: no model runs. See
    /// <see cref="LayerNoiseEstimate"/>.
    /// </summary>
    EstimatedNoise,

    /// <summary>This layer alone is quantized, all others stay in float: what the layer costs by itself. One model per layer.</summary>
    OnlyThisLayer,

    /// <summary>
    /// Every layer but this is quantized: what is won back with the layer in float. One model per layer. Where several layers each spoil
    /// the output, none of them shows.
    /// </summary>
    AllButThisLayer,

    /// <summary>Only this layer's weights are quantized. One model per layer.</summary>
    OnlyWeights,

    /// <summary>
    /// Only this layer's activations are quantized: what it reads, and its result where that becomes codes. One model per layer.
    /// </summary>
    OnlyActivations,
}
