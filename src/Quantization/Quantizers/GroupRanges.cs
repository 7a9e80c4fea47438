using System.Globalization;
using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>The ranges of a tensor's groups.</summary>
internal static unsafe class GroupRanges
{
    /// <summary>The ranges that <paramref name="calibrator"/> chooses; the smallest and largest values where it is null.</summary>
    public static ValueRange[] Of(
        in ReadOnlyTensorSpan<float> values, Granularity granularity, CodeFormat format, QuantizationScheme scheme, ICalibrator? calibrator)
    {
        ArgumentNullException.ThrowIfNull(format);
        return calibrator is null
            ? MinMax(values, granularity)
            : GroupStatistics.Calibrate(values, granularity, format, scheme, calibrator);
    }

    /// <summary>
    /// The smallest and largest value of each group that <paramref name="granularity"/> makes; a group without values has [0, 0].
    /// </summary>
    /// <exception cref="ArgumentException">A value is not finite, or there is no such axis.</exception>
    public static ValueRange[] MinMax(in ReadOnlyTensorSpan<float> values, Granularity granularity)
    {
        RunLayout layout = RunLayout.Create(granularity, values.Lengths);
        float[] min = new float[layout.ParameterCount];
        float[] max = new float[layout.ParameterCount];
        Array.Fill(min, float.PositiveInfinity);
        Array.Fill(max, float.NegativeInfinity);
        using DenseSource<float> dense = new(values);
        fixed (float* elements = dense.Elements)
        {
            for (nint index = 0; index < layout.RunCount; index++)
            {
                Run run = layout.GetRun(index);
                if (layout.Lookup == ParameterLookup.PerElement)
                {
                    Widen(
                        elements + run.Start,
                        min.AsSpan((int)run.Parameter, (int)run.Count),
                        max.AsSpan((int)run.Parameter, (int)run.Count));
                }
                else
                {
                    (float low, float high) = Extremes.MinMax(elements + run.Start, run.Count);
                    min[run.Parameter] = MathF.Min(min[run.Parameter], low);
                    max[run.Parameter] = MathF.Max(max[run.Parameter], high);
                }
            }

            for (int p = 0; p < min.Length && layout.Length > 0; p++)
            {
                if (!float.IsFinite(min[p]) || !float.IsFinite(max[p]))
                {
                    throw NotFinite(elements, layout.Length, nameof(values));
                }
            }
        }

        ValueRange[] ranges = new ValueRange[min.Length];
        for (int p = 0; p < ranges.Length && layout.Length > 0; p++)
        {
            ranges[p] = new ValueRange(min[p], max[p]);
        }

        return ranges;
    }

    /// <summary>The error that names the first value that is not finite.</summary>
    public static ArgumentException NotFinite(ReadOnlySpan<float> values, string parameterName)
    {
        fixed (float* elements = values)
        {
            return NotFinite(elements, values.Length, parameterName);
        }
    }

    private static ArgumentException NotFinite(float* elements, nint count, string parameterName)
    {
        nint index = 0;
        while (index < count - 1 && float.IsFinite(elements[index]))
        {
            index++;
        }

        return new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture, $"Value {index} (counted row by row) is {elements[index]}; a range needs finite values."),
            parameterName);
    }

    private static void Widen(float* row, Span<float> min, Span<float> max)
    {
        ReadOnlySpan<float> values = new(row, min.Length);
        TensorPrimitives.Min(min, values, min);
        TensorPrimitives.Max(max, values, max);
    }
}
