namespace Quantization.Onnx;

/// <summary>What reports say to try next.</summary>
internal static class NextAdvice
{
    private const string Next = "What to try next:";

    /// <summary>Nothing has to be done.</summary>
    public static Advice Nothing() => new(AdviceCode.NextNothing);

    /// <summary>The layers were not compared.</summary>
    public static Advice CompareLayers() => new(AdviceCode.NextCompareLayers);

    /// <summary>The models were not compared layer by layer.</summary>
    public static Advice CompareModels() => new(AdviceCode.NextCompareModels);

    /// <summary>Leave as few layers in float as a target needs.</summary>
    public static Advice Partial() => new(AdviceCode.NextPartialQuantization);

    /// <summary>One layer makes most of the noise.</summary>
    public static Advice LeaveInFloat(string node) => new(AdviceCode.NextLeaveLayerInFloat, ("node", node));

    /// <summary>Many layers make the noise.</summary>
    /// <param name="hasFewBits">Whether weights have fewer than 8 bits.</param>
    /// <param name="isPerTensor">Whether weights have one scale per tensor.</param>
    public static Advice ManyLayers(bool hasFewBits, bool isPerTensor) =>
        new(AdviceCode.NextManyLayers, ("hasFewBits", hasFewBits), ("isPerTensor", isPerTensor));

    /// <summary>The target was not met.</summary>
    /// <inheritdoc cref="ManyLayers"/>
    public static Advice MissedTarget(bool hasFewBits, bool isPerTensor) =>
        new(AdviceCode.NextAfterMissedTarget, ("hasFewBits", hasFewBits), ("isPerTensor", isPerTensor));

    /// <summary>More layers in float would lose less.</summary>
    public static Advice SmallerLoss(int floatLayers, string metric, MetricUnit unit, double score) => new(
        AdviceCode.NextSmallerLoss, ("floatLayers", floatLayers), ("metric", metric), ("unit", unit), ("score", score));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.NextNothing => new AdviceText(Next, "nothing is needed. This model can be used as it is."),
        AdviceCode.NextPartialQuantization => new AdviceText(
            Next, $"leave in float only the layers that lose most, as few as a target needs ({words.PartialQuantization})."),
        AdviceCode.NextCompareLayers => new AdviceText(Next, $"compare the layers ({words.LayerComparison}), to see which one loses most."),
        AdviceCode.NextCompareModels => new AdviceText(
            Next, $"compare both models layer by layer ({words.ModelComparison}), to see where they start to differ."),
        AdviceCode.NextLeaveLayerInFloat => new AdviceText(
            Next,
            $"leave {advice.Text("node")} in float ({words.FloatNodes}) and quantize again. It makes so much of the noise by itself that "
                + $"this is the cheapest step. If that is not enough, go on with the next layer in the list below."),
        AdviceCode.NextManyLayers => new AdviceText(
            $"{Next} the noise comes from many layers and none stands out, so leaving single layers in float gains little.",
            WriteManyLayers(advice, words)),
        AdviceCode.NextAfterMissedTarget => new AdviceText(
            Next,
            string.Join(' ', ForAllLayers(advice, words).Prepend(
                "allow a larger loss or more layers in float, or train with quantization in the loop (QAT)."))),
        AdviceCode.NextSmallerLoss => new AdviceText(
            Next,
            $"nothing is needed. To lose less, ask for a smaller loss ({words.Target}): {Layers(advice.Count("floatLayers"))} in float "
                + $"would make {advice.Text("metric")} "
            + $"{Figure.Metric(advice.Number("score"), advice.Choice<MetricUnit>("unit"))}."),
        _ => null,
    };

    /// <summary>A number of layers, in words.</summary>
    public static string Layers(long count) => $"{Figure.Count(count)} {(count == 1 ? "layer" : "layers")}";

    /// <summary>A number of activations, in words.</summary>
    public static string Activations(long count) => $"{Figure.Count(count)} {(count == 1 ? "activation" : "activations")}";

    private static string WriteManyLayers(Advice advice, AdviceWords words)
    {
        string[] forAll = [.. ForAllLayers(advice, words)];
        string leave = forAll.Length > 0 ? "Otherwise leave" : "Leave";
        return string.Join(' ', forAll.Append(
            $"{leave} as few layers in float as a target needs ({words.PartialQuantization} finds them), or train with "
                + "quantization in the loop (QAT)."));
    }

    /// <summary>What would lower the noise of all layers at once; empty where there is nothing.</summary>
    private static IEnumerable<string> ForAllLayers(Advice advice, AdviceWords words)
    {
        if (advice.Flag("hasFewBits"))
        {
            yield return "Weights of 8 bits instead of fewer would help most.";
        }

        if (advice.Flag("isPerTensor"))
        {
            yield return $"Weights with one scale per channel would help ({words.WeightsPerChannel}).";
        }
    }
}
