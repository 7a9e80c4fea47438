namespace Quantization.Onnx;

/// <summary>A way to make a model smaller, as the library's entry points offer it with their defaults.</summary>
public enum QuantizationWay
{
    /// <summary>Weights and activations in int8, with fixed ranges from samples: <see cref="PostTrainingQuantizer"/>.</summary>
    StaticInt8,

    /// <summary>Weights in int8, activations with ranges found at run time: <see cref="DynamicQuantizer"/>.</summary>
    DynamicInt8,

    /// <summary>Weights alone in int8: <see cref="WeightQuantizer"/>.</summary>
    WeightsInt8,

    /// <summary>Weights alone in 4 bits, in blocks: <see cref="WeightQuantizer"/> with <see cref="WeightOnlyOptions.Bits"/> 4.</summary>
    WeightsInt4,

    /// <summary>Floats of 16 bits: <see cref="HalfPrecisionConverter"/>.</summary>
    Half,
}
