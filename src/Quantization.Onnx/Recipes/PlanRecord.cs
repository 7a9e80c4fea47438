namespace Quantization.Onnx;

/// <summary>Records what was written: the plan with all that can be read back from its file.</summary>
internal static class PlanRecord
{
    /// <summary>The record of a plan.</summary>
    /// <param name="resolved">The plan, with the parameters of each activation.</param>
    /// <param name="model">The model that it was carried out for.</param>
    /// <param name="rounding">Rounded the weights.</param>
    public static QuantizationPlan Of(QuantizationPlan resolved, FloatModel model, WeightRounding rounding) => resolved with
    {
        ModelSha256 = model.File.Fingerprint.ToString(),

        // A calibrator of the user's own cannot be made again from a file, so the scales that it led to stand there.
        Nodes =
        [
            .. resolved.Nodes.Select(node => node.Weights is { Range: OwnRange own } && !BuiltInCalibrators.Contains(own.Calibrator)
                ? node with { Weights = node.Weights with { Range = new FixedScales(
                    [.. new PlannedNode(model.Analysis.Find(node), node).Matrices.SelectMany(matrix => rounding.Round(matrix).Scales)]) } }
                : node),
        ],
    };
}
