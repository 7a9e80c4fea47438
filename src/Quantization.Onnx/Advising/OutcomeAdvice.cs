using System.Globalization;

namespace Quantization.Onnx;

/// <summary>What reports tell of a quantized model. These are facts; <see cref="NextAdvice"/> says what to do.</summary>
internal static class OutcomeAdvice
{
    /// <summary>Noise a thousandth of the signal hardly moves an answer; a hundredth is still near.</summary>
    private const double VeryNear = 30, Near = 20;

    /// <summary>Where the models agree less often, single answers differ that users see.</summary>
    private const double NearAgreement = 0.95, VeryNearAgreement = 0.99;

    /// <summary>How accurate the models are.</summary>
    /// <param name="labelledSamples">How many samples have labels.</param>
    /// <param name="floatTop1">The float model's accuracy.</param>
    /// <param name="top1">The other's.</param>
    /// <param name="agreement">How often both give the same class; null where that is not known.</param>
    /// <param name="isNegligible">Whether the loss is too small to notice.</param>
    /// <param name="format">The 16-bit floats of the model; null for int8.</param>
    public static Advice Accuracy(
        int labelledSamples, double floatTop1, double top1, double? agreement, bool isNegligible, HalfFormat? format = null)
    {
        ShareInterval loss = ShareInterval.OfLoss(floatTop1 - top1, agreement, labelledSamples);
        return new Advice(
            AdviceCode.ReportAccuracy,
            ("labelledSamples", labelledSamples),
            ("floatTop1", floatTop1),
            ("top1", top1),
            ("loss", floatTop1 - top1),
            ("lossLow", loss.Low),
            ("lossHigh", loss.High),
            ("agreement", agreement),
            ("isNegligible", isNegligible),
            ("format", format));
    }

    /// <summary>How noisy the outputs are.</summary>
    /// <param name="signalToNoise">The SQNR.</param>
    /// <param name="agreement">How often both models give the same class; null where that is not known.</param>
    /// <param name="samples">How many samples scored; null where that is not known.</param>
    /// <param name="format">The 16-bit floats of the model; null for int8.</param>
    public static Advice Noise(double signalToNoise, double? agreement, int? samples = null, HalfFormat? format = null) => new(
        AdviceCode.ReportNoise,
        ("signalToNoise", signalToNoise),
        ("agreement", agreement),
        ("samples", samples),
        ("format", format));

    /// <summary>There are no figures.</summary>
    public static Advice NothingMeasured() => new(AdviceCode.ReportNothingMeasured);

    /// <summary>Size and time in multiples of the float model's.</summary>
    /// <param name="sizeRatio">The size of the file.</param>
    /// <param name="timeRatio">The time of a run; null where it was not measured.</param>
    /// <param name="isRough">Whether other work disturbed the times.</param>
    public static Advice Cost(double sizeRatio, double? timeRatio, bool isRough = false) =>
        new(AdviceCode.ReportCost, ("sizeRatio", sizeRatio), ("timeRatio", timeRatio), ("isRough", isRough));

    /// <summary>Which model of a search was kept.</summary>
    public static Advice Kept(
        int trials, string name, string metric, MetricUnit unit, double score, string baselineName, double baselineScore, double gain) =>
        new(
        AdviceCode.ReportKept,
        ("trials", trials),
        ("name", name),
        ("metric", metric),
        ("unit", unit),
        ("score", score),
        ("baselineName", baselineName),
        ("baselineScore", baselineScore),
        ("gain", gain));

    /// <summary>The layer that loses most.</summary>
    public static Advice WorstLayer(string node, string @operator, double noiseShare, double signalToNoise) => new(
        AdviceCode.ReportWorstLayer, ("node", node), ("operator", @operator), ("noiseShare", noiseShare), ("signalToNoise", signalToNoise));

    /// <summary>How many nodes with weights stay in float, or how many nodes stay in 32 bits.</summary>
    public static Advice FloatNodes(int nodes, HalfFormat? format = null) =>
        new(AdviceCode.ReportFloatNodes, ("nodes", nodes), ("format", format));

    /// <summary>Few samples calibrated.</summary>
    public static Advice FewSamples(long samples) => new(AdviceCode.ReportFewSamples, ("samples", samples));

    /// <summary>What partial quantization did.</summary>
    public static Advice Partial(
        int layers,
        string metric,
        MetricUnit unit,
        double allInt8Score,
        double score,
        int floatLayers,
        int relievedLayers,
        int floatActivations,
        double int8Share) => new(
        AdviceCode.ReportPartialOutcome,
        ("layers", layers),
        ("metric", metric),
        ("unit", unit),
        ("allInt8Score", allInt8Score),
        ("score", score),
        ("floatLayers", floatLayers),
        ("relievedLayers", relievedLayers),
        ("floatActivations", floatActivations == 0 ? null : floatActivations),
        ("int8Share", int8Share));

    /// <summary>The most sensitive layer.</summary>
    public static Advice MostSensitive(string node, string @operator, bool isFloat, IEnumerable<string> steps) => new(
        AdviceCode.ReportMostSensitiveLayer, ("node", node), ("operator", @operator), ("isFloat", isFloat), ("steps", steps));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.ReportAccuracy => new AdviceText(WriteAccuracy(advice)),
        AdviceCode.ReportNoise => new AdviceText(WriteNoise(advice)),
        AdviceCode.ReportNothingMeasured => new AdviceText(
            "Nothing was measured:", $"give samples to score with ({words.Scoring}), to see what quantization costs."),
        AdviceCode.ReportCost => new AdviceText(WriteCost(advice)),
        AdviceCode.ReportKept => new AdviceText(WriteKept(advice, advice.Choice<MetricUnit>("unit"))),
        AdviceCode.ReportWorstLayer => new AdviceText(
            $"The layer that loses most is {advice.Text("node")} ({advice.Text("operator")}): it makes "
                + $"{Figure.Percent(advice.Number("noiseShare"))} of the noise that all layers, quantized one at a "
                + "time, add to the outputs. "
                + $"With only this layer in int8, the outputs lie {Figure.Decibels(advice.Number("signalToNoise"))} above their noise."),
        AdviceCode.ReportFloatNodes => new AdviceText(WriteFloatNodes(advice.Count("nodes"), HalfAdvice.FormatOf(advice))),
        AdviceCode.ReportFewSamples => new AdviceText(
            $"Only {Figure.Count(advice.Count("samples"))} samples calibrated;",
            "a few hundred like those that the model will see in use give safer ranges."),
        AdviceCode.ReportPartialOutcome => new AdviceText(WritePartial(advice, advice.Choice<MetricUnit>("unit"))),
        AdviceCode.ReportMostSensitiveLayer => new AdviceText(
            $"The most sensitive layer is {advice.Text("node")} ({advice.Text("operator")}), "
                + $"{State(advice.Flag("isFloat"), advice.Names("steps"))}."),
        _ => null,
    };

    /// <summary>How a layer was left, in words.</summary>
    /// <param name="isFloat">Whether it is in float.</param>
    /// <param name="steps">The steps that it took otherwise.</param>
    public static string State(bool isFloat, IReadOnlyList<string> steps) =>
        isFloat ? "left in float" : steps.Count > 0 ? $"in int8 with {string.Join(", ", steps)}" : "in int8";

    private static string WriteAccuracy(Advice advice)
    {
        (double loss, double low, double high) = (advice.Number("loss"), advice.Number("lossLow"), advice.Number("lossHigh"));
        string range = $"with a confidence of 95 % between {Figure.Points(low)} and {Figure.Points(high)} points";
        string gain = loss >= 0 ? ""
            : high >= 0 ? "A gain of this size can be chance. "
            : $"On these samples that is {Figure.Points(-loss)} points more; quantization does not make models better, so do not expect it "
                + "on other samples. ";
        string lost = advice.Flag("isNegligible")
            ? $"No noticeable loss: with a confidence of 95 % at most {Figure.Points(Math.Max(0, high))} points."
            : low > 0 ? $"{Figure.Points(loss)} points are lost, {range}."
            : high < 0 ? ""
            : $"The samples are too few to tell whether anything is lost: the loss lies {range}.";
        string? same = advice.FindNumber("agreement") is { } agreement
            ? " Both give the same class for "
                + $"{Figure.Percent(agreement)}"
                + $"{(agreement < NearAgreement ? ", so their answers differ often even where accuracy does not" : "")}."
            : "";
        return $"Of {Figure.Count(advice.Count("labelledSamples"))} labelled samples the float model gets "
            + $"{Figure.Percent(advice.Number("floatTop1"))} right, the {HalfAdvice.NameOf(advice)} model "
            + $"{Figure.Percent(advice.Number("top1"))}. {(gain + lost).TrimEnd()}{same}";
    }

    private static string WriteNoise(Advice advice)
    {
        (double signalToNoise, double? agreement) = (advice.Number("signalToNoise"), advice.FindNumber("agreement"));
        string nearness = signalToNoise >= VeryNear && agreement is null or >= VeryNearAgreement ? "very near to the float model's"
            : signalToNoise >= Near && agreement is null or >= NearAgreement ? "near to the float model's"
            : "clearly different from the float model's";
        string same = "";
        if (agreement is { } share)
        {
            string range = advice.FindCount("samples") is > 0 and { } samples && ShareInterval.Of(share, (int)samples) is var interval
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $" of {Figure.Count(samples)} samples (of all such inputs, {100 * interval.Low:F1} to {100 * interval.High:F1} % with "
                        + $"a confidence of 95 %)")
                : " of the time";
            same = string.Create(CultureInfo.InvariantCulture, $"; both prefer the same class {Figure.Percent(share)}") + range;
        }

        return $"The {HalfAdvice.NameOf(advice)} model's outputs lie {Figure.Decibels(signalToNoise)} above their quantization noise: "
            + $"{nearness}{same}.";
    }

    private static string WriteFloatNodes(long nodes, HalfFormat? format)
    {
        string which = format is null ? " with weights" : "", where = format is null ? "in float" : "in 32 bits";
        return nodes == 1
            ? $"1 node{which} stays {where}."
            : string.Create(CultureInfo.InvariantCulture, $"{nodes} nodes{which} stay {where}.");
    }

    private static string WriteCost(Advice advice)
    {
        double size = advice.Number("sizeRatio");
        string file = size < 1
            ? string.Create(CultureInfo.InvariantCulture, $"The file shrinks to {100 * size:F0} % of its size")
            : string.Create(CultureInfo.InvariantCulture, $"The file grows to {100 * size:F0} % of its size");
        string rough = advice.Flag("isRough") ? " (roughly, as the machine was busy)" : "";
        return advice.FindNumber("timeRatio") is not { } time ? $"{file}."
            : Figure.Speed(time) is var speed && time <= 1 == size < 1 ? $"{file}, and a run is {speed}{rough}."
            : $"{file}, but a run is {speed}{rough}.";
    }

    private static string WriteKept(Advice advice, MetricUnit unit)
    {
        string baseline = $"{advice.Text("baselineName")}", score = Figure.Metric(advice.Number("baselineScore"), unit);
        string gain = advice.Number("gain") > 0
            ? $"That is {Figure.Margin(advice.Number("gain"), unit)} better than plain quantization ({baseline}: {score})."
            : $"Plain quantization ({baseline}) measures {score}.";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Of {advice.Count("trials")} models tried, {advice.Text("name")} was kept with {advice.Text("metric")} "
                + $"{Figure.Metric(advice.Number("score"), unit)}. {gain}");
    }

    private static string WritePartial(Advice advice, MetricUnit unit)
    {
        string allInt8 =
            $"With all {Figure.Count(advice.Count("layers"))} layers in int8, {advice.Text("metric")} is "
                + $"{Figure.Metric(advice.Number("allInt8Score"), unit)}";
        (long inFloat, long relieved) = (advice.Count("floatLayers"), advice.Count("relievedLayers"));
        string[] done =
        [
            .. inFloat > 0 ? (string[])[$"{NextAdvice.Layers(inFloat)} left in float"] : [],
            .. relieved > 0 ? (string[])[$"{NextAdvice.Layers(relieved)} made more accurate in int8"] : [],
            .. advice.FindCount("floatActivations") is { } activations
                ? (string[])[$"{NextAdvice.Activations(activations)} left in float"]
                : [],
        ];
        return done.Length == 0
            ? $"{allInt8}, and this model was written."
            : $"{allInt8}. With {string.Join(" and ", done)} it is {Figure.Metric(advice.Number("score"), unit)}, and "
                + $"{Figure.Percent(advice.Number("int8Share"))} of the compute stays on integers.";
    }
}
