namespace Quantization.Onnx;

/// <summary>What a long call is doing.</summary>
public enum QuantizationStage
{
    /// <summary>The model is read and cleaned.</summary>
    Preparing,

    /// <summary>Samples run through the float model, to see its activations.</summary>
    Calibrating,

    /// <summary>Ranges are chosen and weights quantized.</summary>
    Quantizing,

    /// <summary>The plan is refined on calibration samples.</summary>
    Improving,

    /// <summary>ONNX Runtime optimizes the result, to see what runs in int8.</summary>
    Inspecting,

    /// <summary>Both models are run, to compare their latency.</summary>
    Measuring,

    /// <summary>The float model runs over the scoring samples.</summary>
    Referencing,

    /// <summary>A search tries combinations.</summary>
    Trying,

    /// <summary>A search tries calibrators of single activations.</summary>
    Refining,

    /// <summary>The sensitivity of each layer is measured.</summary>
    Ranking,

    /// <summary>Partial quantization tries to make single layers more accurate in int8.</summary>
    TryingSteps,

    /// <summary>Partial quantization leaves activations in float.</summary>
    KeepingActivations,

    /// <summary>Partial quantization leaves one layer after another in float.</summary>
    Excluding,

    /// <summary>Partial quantization quantizes layers again that turn out not to be needed in float.</summary>
    Requantizing,

    /// <summary>Partial quantization scores further sets of layers for the curve.</summary>
    Curve,

    /// <summary>The model is written.</summary>
    Writing,

    /// <summary>Models are run side by side on samples, to compare them.</summary>
    Evaluating,

    /// <summary>The layers of two models are compared.</summary>
    ComparingLayers,

    /// <summary>The model is quantized in several ways, to pick one.</summary>
    QuantizingInWays,

    /// <summary>What they gave is scored.</summary>
    ScoringWays,
}
