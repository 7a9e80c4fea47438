namespace Quantization.Onnx;

/// <summary>What partial quantization is doing.</summary>
public enum PartialStage
{
    /// <summary>Samples run through the float model, to see its activations.</summary>
    Calibrating,

    /// <summary>The float model runs over the scoring samples.</summary>
    Referencing,

    /// <summary>The sensitivity of each layer is measured.</summary>
    Ranking,

    /// <summary>Steps short of float are tried for single layers.</summary>
    TryingSteps,

    /// <summary>Quantization is switched off for one layer after another.</summary>
    SwitchingOff,

    /// <summary>Layers that turn out not to be needed in float are quantized again.</summary>
    SwitchingOn,

    /// <summary>Further sets of layers are scored for the curve.</summary>
    Curve,

    /// <summary>The model is written.</summary>
    Writing,
}
