using System.Globalization;
using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Whether values fit into 16-bit floats, or why not.</summary>
internal static class HalfRange
{
    /// <summary>The largest magnitude of float16.</summary>
    public const float Largest = 65504;

    /// <summary>Activations of this share of <see cref="Largest"/> count as too large: other samples can give larger ones.</summary>
    private const float Headroom = 0.5f;

    /// <summary>The smallest magnitude that float16 holds with all its significant bits, 2⁻¹⁴.</summary>
    private const float SmallestNormal = 1f / (1 << 14);

    /// <summary>The least ratio of a constant's power to that of its rounding, 50 dB. Values of a usual size have 73 dB.</summary>
    private const double MinSignalToNoise = 1e5;

    /// <summary>The values that are rounded at once.</summary>
    private const int BlockLength = 4096;

    /// <summary>Why a constant does not fit; null where it does. Infinities do: float16 has them too.</summary>
    /// <param name="values">The constant's values.</param>
    /// <param name="format">The format.</param>
    /// <param name="isDivisor">Whether a node divides by them, so that no value may become 0.</param>
    public static string? Explain(ReadOnlySpan<float> values, HalfFormat format, bool isDivisor)
    {
        double signal = 0, noise = 0;
        float[] rounded = new float[Math.Min(values.Length, BlockLength)];
        for (int start = 0; start < values.Length; start += BlockLength)
        {
            ReadOnlySpan<float> block = values.Slice(start, Math.Min(BlockLength, values.Length - start));
            Round(block, rounded, format);
            for (int i = 0; i < block.Length; i++)
            {
                if (!float.IsFinite(block[i]))
                {
                    continue;
                }

                if (!float.IsFinite(rounded[i]))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"its constant {block[i]:R} is too large for {NameOf(format)}");
                }

                if (isDivisor && rounded[i] == 0 && block[i] != 0)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"its divisor {block[i]:R} would become 0 in {NameOf(format)}");
                }

                signal += (double)block[i] * block[i];
                noise += ((double)block[i] - rounded[i]) * ((double)block[i] - rounded[i]);
            }
        }

        return noise * MinSignalToNoise <= signal || format == HalfFormat.BFloat16
            ? null
            : $"its constants are too small for {NameOf(format)}";
    }

    /// <summary>Why an activation does not fit into float16; null where it does.</summary>
    /// <param name="name">The activation.</param>
    /// <param name="seen">What was observed of it.</param>
    public static string? Explain(string name, TensorStatistics seen)
    {
        float magnitude = seen.MaxMagnitude;
        return magnitude > Headroom * Largest
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"activation '{name}' reaches {magnitude:G4}, too near to the largest value of float16, {Largest}")
            : magnitude is > 0 and < SmallestNormal
                ? string.Create(CultureInfo.InvariantCulture, $"activation '{name}' stays within {magnitude:G4}, too small for float16")
            : null;
    }

    /// <summary>What messages call a format.</summary>
    public static string NameOf(HalfFormat format) => format == HalfFormat.Float16 ? "float16" : "bfloat16";

    private static void Round(ReadOnlySpan<float> values, Span<float> rounded, HalfFormat format)
    {
        if (format == HalfFormat.Float16)
        {
            Half[] halves = new Half[values.Length];
            TensorPrimitives.ConvertToHalf(values, halves);
            TensorPrimitives.ConvertToSingle(halves, rounded);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            rounded[i] = BitConverter.UInt32BitsToSingle((uint)HalfTensor.ToBFloat16(values[i]) << 16);
        }
    }
}
