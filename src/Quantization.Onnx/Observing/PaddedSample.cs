using System.Globalization;

namespace Quantization.Onnx;

/// <summary>A sample with padding, and which axes of the model's values follow its mask.</summary>
/// <param name="mask">The mask.</param>
/// <param name="axes">The axes, by the name of the value.</param>
/// <param name="named">The values whose axes the user named.</param>
internal sealed class PaddedSample(
    PaddingMask mask, IReadOnlyDictionary<string, MaskedAxes> axes, IReadOnlyDictionary<string, MaskedAxes> named)
{
    /// <summary>The runs of elements of a value that belong to real positions; null where all elements count.</summary>
    /// <param name="name">The value's name.</param>
    /// <param name="shape">Its shape.</param>
    /// <exception cref="ArgumentException">The user named axes that the value does not have, or that do not follow the mask.</exception>
    public IEnumerable<(int Start, int Length)>? FindRuns(string name, long[] shape)
    {
        if (!axes.TryGetValue(name, out MaskedAxes? follow) || follow.IsNone)
        {
            return null;
        }

        return Fits(follow, shape) ? RunsOf(follow, shape)
            : !named.ContainsKey(name) ? null
            : throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"Activation '{name}' has the shape {SampleShape.Format(shape)}, so {follow} cannot follow a mask "
                    + $"{SampleShape.Format([mask.Batch, mask.Sequence])}; name other axes."));
    }

    /// <summary>Copies runs one behind another.</summary>
    /// <returns>How many elements were copied.</returns>
    public static int Copy(ReadOnlySpan<float> values, IEnumerable<(int Start, int Length)> runs, Span<float> destination)
    {
        int count = 0;
        foreach ((int start, int length) in runs)
        {
            values.Slice(start, length).CopyTo(destination[count..]);
            count += length;
        }

        return count;
    }

    /// <summary>
    /// The rows of a value that belong to real positions; all of them where the value has no padding, or where its last axis follows the
    /// mask, so that a row is no position.
    /// </summary>
    /// <param name="name">The value's name.</param>
    /// <param name="values">The value.</param>
    /// <param name="shape">Its shape.</param>
    public ReadOnlySpan<float> RowsOf(string name, ReadOnlySpan<float> values, long[] shape)
    {
        if (shape.Length == 0 || FindRuns(name, shape) is not { } runs
            || runs.Any(run => run.Start % shape[^1] != 0 || run.Length % shape[^1] != 0))
        {
            return values;
        }

        float[] kept = new float[values.Length];
        return kept.AsSpan(0, Copy(values, runs, kept));
    }

    private bool Fits(MaskedAxes follow, long[] shape)
    {
        int last = follow.Sequence.Append(follow.Batch ?? 0).Max();
        return last < shape.Length
            && (follow.Batch is { } batch ? shape[batch] > 0 && shape[batch] % mask.Batch == 0 : mask.Batch == 1 || mask.RowsAreEqual)
            && follow.Sequence.All(axis => shape[axis] == (axis == follow.Batch ? (long)mask.Batch * mask.Sequence : mask.Sequence));
    }

    private IEnumerable<(int Start, int Length)> RunsOf(MaskedAxes follow, long[] shape)
    {
        int depth = follow.Sequence.Append(follow.Batch ?? 0).Max() + 1;
        int length = (int)shape[depth..].Aggregate(1L, (product, axis) => product * axis),
            count = (int)shape[..depth].Aggregate(1L, (product, axis) => product * axis);
        long[] indices = new long[depth];
        int start = 0, kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (IsReal(follow, shape, indices))
            {
                start = kept == 0 ? i : start;
                kept++;
            }
            else if (kept > 0)
            {
                yield return (start * length, kept * length);
                kept = 0;
            }

            for (int axis = depth - 1; axis >= 0 && ++indices[axis] == shape[axis]; axis--)
            {
                indices[axis] = 0;
            }
        }

        if (kept > 0)
        {
            yield return (start * length, kept * length);
        }
    }

    private bool IsReal(MaskedAxes follow, long[] shape, long[] indices)
    {
        long inRow = follow.Batch is { } batch ? shape[batch] / mask.Batch : 1, row = follow.Batch is { } at ? indices[at] / inRow : 0;
        foreach (int axis in follow.Sequence)
        {
            if (!mask.IsReal(row, axis == follow.Batch ? indices[axis] % inRow : indices[axis]))
            {
                return false;
            }
        }

        return follow.Sequence.Count > 0 || mask.HasReal(row);
    }
}
