namespace Quantization.Onnx;

/// <summary>Why <see cref="AutoQuantizer"/> picked a model, or did not.</summary>
public enum AutoVerdict
{
    /// <summary>It was picked and written.</summary>
    Chosen,

    /// <summary>The library or ONNX Runtime could not make, open or run it.</summary>
    Failed,

    /// <summary>The way of quantizing finds nothing to quantize in the model.</summary>
    NothingToQuantize,

    /// <summary>It loses more than <see cref="AutoBudget.MaxLoss"/>.</summary>
    LosesTooMuch,

    /// <summary>It takes longer than <see cref="AutoBudget.MaxLatencyRatio"/> allows.</summary>
    TooSlow,

    /// <summary>It is larger than <see cref="AutoBudget.MaxSizeRatio"/> or <see cref="AutoBudget.MaxBytes"/> allow.</summary>
    TooLarge,

    /// <summary>It is not faster than the float model.</summary>
    NotFaster,

    /// <summary>It is not smaller than the float model.</summary>
    NotSmaller,

    /// <summary>It is within the budget, but another loses less.</summary>
    LosesMore,

    /// <summary>It is within the budget, but another is faster.</summary>
    Slower,

    /// <summary>It is within the budget, but without samples its loss is unknown, and another way usually loses less.</summary>
    Riskier,
}
