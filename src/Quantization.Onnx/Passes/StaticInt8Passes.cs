namespace Quantization.Onnx;

/// <summary>What brings a cleaned model into the form that static int8 plans for, in this order.</summary>
internal static class StaticInt8Passes
{
    /// <summary>The passes.</summary>
    public static IReadOnlyList<GraphPass> All { get; } =
    [
        new("opset upgrade", OpsetUpgrade.Apply), // per-channel DequantizeLinear came with operator set 13
        new("hard-sigmoid form", (_, model) => HardSigmoidForm.Apply(model.Graph)), // fewer float operators, and what saturates can be seen
        new("affine folding", (_, model) => AffineFolding.Apply(model.Graph)), // constants beside a Conv would keep codes from flowing on
        new("unused constants", (_, model) => UnusedConstants.Remove(model.Graph)),
    ];
}
