using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Renders what was improved of the plan by what samples showed, and where its noise comes from.</summary>
internal static class RefinementSection
{
    public static void Render(HtmlWriter html, QuantizationReport report)
    {
        if (report.Refinement is not { } refinement
            || (refinement.LossAfter == refinement.LossBefore && refinement.CostliestActivations.Count == 0))
        {
            return;
        }

        html.Section("Improvements")
            .Element("p", refinement.LossAfter == refinement.LossBefore
                ? $"Judged on {Figure.Count(refinement.Samples)} samples that were not used to refine the model: nothing that was tried "
                    + "brought the outputs nearer to the float model's."
                : $"Judged on {Figure.Count(refinement.Samples)} samples that were not used to refine the model, the typical noise of the "
                    + $"outputs went from {Figure.Percent(refinement.LossBefore)} to "
                    + $"{Figure.Percent(refinement.LossAfter)} of the signal.");
        (string What, int Count)[] steps =
        [
            ("Matrix inputs whose columns were scaled", refinement.ScaledInputs),
            ("Convolutions whose channels were scaled", refinement.ScaledConvolutions),
            ("Layers whose weights were rounded to fit the samples", refinement.LearnedLayers),
            ("Layers whose biases were corrected", refinement.CorrectedBiases),
            ("Activations left in float", refinement.FloatActivations.Count),
        ];
        if (steps.Any(step => step.Count > 0))
        {
            html.Table(
                ["What", "#How many"],
                steps.Where(step => step.Count > 0)
                    .Select(step => (RowMark.None, (IReadOnlyList<string>)[step.What, Figure.Count(step.Count)])));
        }

        if (refinement.FloatActivations.Count > 0)
        {
            html.Element("p", $"{Figure.Percent(refinement.IntegerShare)} of the multiply-accumulates stay on integers.");
        }

        if (refinement.CostliestActivations.Count > 0)
        {
            html.Element("p", "The worst activations: the noise that quantizing each of them alone makes, before any stayed in float, as a "
                + "share of all noise. The shares need not add up to 100 %, because noise adds up only roughly.")
                .Table(
                    ["Activations", "#Share of the noise", "#Compute that float would take", "Now"],
                    refinement.CostliestActivations.Select((cost, i) => Row(refinement, cost, i == 0)));
        }
    }

    private static (RowMark, IReadOnlyList<string>) Row(Refinement refinement, ActivationCost cost, bool isWorst)
    {
        bool isInFloat = cost.Activations.All(refinement.FloatActivations.Contains);
        string others = cost.Activations.Count > 1 ? $" and {Figure.Count(cost.Activations.Count - 1)} beside it" : "";
        return (
            isInFloat ? RowMark.InFloat : isWorst ? RowMark.Harmful : RowMark.None,
            [
                $"{cost.Activations[0]}{others}",
                Figure.Percent(cost.LossShare),
                Figure.Percent(cost.WorkShare),
                isInFloat ? "float" : "codes"
            ]);
    }
}
