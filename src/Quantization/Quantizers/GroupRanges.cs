using System.Globalization;
using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>The ranges of a tensor's groups.</summary>
internal static unsafe class GroupRanges
{
    /// <summary>The smallest and largest value of each group that <paramref name="granularity"/> makes.</summary>
    /// <exception cref="ArgumentException">A value is not finite, or there is no such axis.</exception>
    public static ValueRange[] MinMax(in ReadOnlyTensorSpan<float> values, Granularity granularity)
    {
        RunLayout layout = RunLayout.Create(granularity, values.Lengths);
        float[] min = new float[layout.ParameterCount];
        float[] max = new float[layout.ParameterCount];

        // Affine ranges contain 0, so 0 is where each may start.
        using DenseSource<float> dense = new(values);
        fixed (float* elements = dense.Elements)
        {
            for (nint index = 0; index < layout.RunCount; index++)
            {
                Run run = layout.GetRun(index);
                for (nint i = 0; i < run.Count; i++)
                {
                    float value = elements[run.Start + i];
                    if (!float.IsFinite(value))
                    {
                        throw new ArgumentException(
                            string.Create(CultureInfo.InvariantCulture, $"Value {run.Start + i} (counted row by row) is {value}; a range needs finite values."), nameof(values));
                    }

                    nint p = layout.ParameterPerElement ? run.Parameter + i : run.Parameter;
                    min[p] = MathF.Min(min[p], value);
                    max[p] = MathF.Max(max[p], value);
                }
            }
        }

        ValueRange[] ranges = new ValueRange[layout.ParameterCount];
        for (int p = 0; p < ranges.Length; p++)
        {
            ranges[p] = new ValueRange(min[p], max[p]);
        }

        return ranges;
    }
}
