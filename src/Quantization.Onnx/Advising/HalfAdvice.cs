using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about what half precision gains, and what to do.</summary>
internal static class HalfAdvice
{
    private const string FormatName = "format";

    /// <summary>What holds for every machine.</summary>
    /// <param name="result">A model in half precision.</param>
    public static IEnumerable<Advice> Of(PtqResult result)
    {
        yield return GainsSizeOnly(result.Half!.Value);
        if (result.Plan.Notes.IsBlind)
        {
            yield return WithoutSamples();
        }

        if (result.OutputBytes > result.ModelBytes)
        {
            yield return Larger(result.Half.Value, result.OutputBytes, result.ModelBytes);
        }
    }

    /// <summary>The file gains, and speed does not.</summary>
    public static Advice GainsSizeOnly(HalfFormat format) => new(AdviceCode.HalfGainsSizeOnly, (FormatName, format));

    /// <summary>Samples would have shown which activations leave the range.</summary>
    public static Advice WithoutSamples() => new(AdviceCode.HalfWithoutSamples);

    /// <summary>The file is larger.</summary>
    public static Advice Larger(HalfFormat format, long halfBytes, long floatBytes) =>
        new(AdviceCode.HalfLargerThanFloat, (FormatName, format), ("halfBytes", halfBytes), ("floatBytes", floatBytes));

    /// <summary>The model is slower.</summary>
    public static Advice Slower(LatencyComparison latency, HalfFormat format) => new(
        AdviceCode.HalfSlowerThanFloat,
        (FormatName, format),
        ("floatMilliseconds", latency.Float),
        ("halfMilliseconds", latency.Quantized));

    /// <summary>The 16-bit floats that an advice is about; null for int8.</summary>
    public static HalfFormat? FormatOf(Advice advice) => advice.FindText(FormatName) is null ? null : advice.Choice<HalfFormat>(FormatName);

    /// <summary>What an advice calls the model that was written.</summary>
    public static string NameOf(Advice advice) => FormatOf(advice) is { } format ? HalfRange.NameOf(format) : "int8";

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.HalfGainsSizeOnly when advice.Choice<HalfFormat>(FormatName) == HalfFormat.Float16 => new AdviceText(
            "ONNX Runtime computes float16 on most processors by converting to 32 bits and back, so the model is smaller there but "
                + "not faster.",
            "Take it for its size, or run it on a graphics processor or an accelerator that computes in float16 itself."),
        AdviceCode.HalfGainsSizeOnly => new AdviceText(
            "ONNX Runtime turns bfloat16 weights into 32-bit floats when it opens the model, so the file is smaller, but memory and "
                + "speed stay the same.",
            "Take it for its size."),
        AdviceCode.HalfWithoutSamples => new AdviceText(
            "No samples were given, so only the weights decide what stays in 32 bits: activations beyond 65,504 "
                + "become infinite in float16.",
            $"Give samples like those that the model will see in use ({words.HalfSamples})."),
        AdviceCode.HalfLargerThanFloat => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {NameOf(advice)} model is larger than the float model, {advice.Count("halfBytes")} against "
                    + $"{advice.Count("floatBytes")} bytes: it has too few weights to make up for the Casts."),
            "Keep the float model."),
        AdviceCode.HalfSlowerThanFloat => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{NameOf(advice)} is slower than 32 bits on this machine: {advice.Number("halfMilliseconds"):0.000} ms against "
                    + $"{advice.Number("floatMilliseconds"):0.000} ms per run."),
            "Take it for its size, or keep the float model."),
        _ => null,
    };
}
