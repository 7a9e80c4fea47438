namespace Quantization.Onnx;

/// <summary>What a long call is doing.</summary>
public enum QuantizationStage
{
    /// <summary>The model is read and cleaned.</summary>
    Preparing,

    /// <summary>Samples run through the float model.</summary>
    Calibrating,

    /// <summary>Ranges are chosen and weights quantized.</summary>
    Quantizing,

    /// <summary>ONNX Runtime optimizes the result, to see what runs in int8.</summary>
    Inspecting,

    /// <summary>Both models are run, to compare their latency.</summary>
    Measuring,
}
