namespace Quantization.Onnx;

/// <summary>What a search is doing.</summary>
public enum SearchStage
{
    /// <summary>Samples run through the float model, to see its activations.</summary>
    Calibrating,

    /// <summary>The float model runs over the scoring samples.</summary>
    Referencing,

    /// <summary>Combinations are tried.</summary>
    Trying,

    /// <summary>Calibrators of single activations are tried.</summary>
    Refining,

    /// <summary>The best model is written.</summary>
    Writing,
}
