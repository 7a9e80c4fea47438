using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Says in plain words what half precision gains on a processor, and what to do.</summary>
internal static class HalfAdvice
{
    /// <summary>What holds for every machine.</summary>
    public static IEnumerable<string> Of(PtqResult result, HalfFormat format)
    {
        yield return format == HalfFormat.Float16
            ? "ONNX Runtime computes float16 on most processors by converting to 32 bits and back, so the model gains size but no speed there; graphics processors and accelerators compute in float16 itself."
            : "ONNX Runtime turns bfloat16 weights into 32-bit floats when it opens the model, so the file gains size, and memory and speed stay as they were.";
        if (format == HalfFormat.Float16 && result.Calibration.SampleCount == 0)
        {
            yield return "No samples were given, so the weights alone tell what stays in 32 bits: activations beyond 65,504 become infinite in float16. Give samples like those that the model will meet.";
        }

        if (result.OutputBytes > result.ModelBytes)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"The {HalfRange.NameOf(format)} model is larger than the float model, {result.OutputBytes} against {result.ModelBytes} bytes: it has too few weights to make up for the Casts. Keep the float model.");
        }
    }

    /// <summary>What a measurement tells; null where half precision is not slower.</summary>
    public static string? OfLatency(LatencyComparison latency, HalfFormat format) => !latency.IsSlower
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{HalfRange.NameOf(format)} is slower than 32 bits on this machine: {latency.Quantized.TotalMilliseconds:0.000} ms against {latency.Float.TotalMilliseconds:0.000} ms a run.");
}
