using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The covariance of what a layer multiplies: the sum of (x − c) · (x − c)ᵀ over rows x, c being about their mean. A bias makes up for the
/// mean error of rounded weights, so only what varies counts.
/// </summary>
/// <param name="patches">The layer's rows.</param>
internal sealed class InputCovariance(LayerPatches patches)
{
    private readonly GramSum? _whole = patches.Groups == 1 ? new GramSum(patches.Length) : null;
    private readonly float[] _sums = patches.Groups == 1 ? [] : new float[(long)patches.Groups * patches.Length * patches.Length];

    /// <summary>
    /// Many short rows, as a depthwise convolution has, are added up with the groups as lanes: vectors hold the same element of all groups.
    /// Few long rows are added up one by one.
    /// </summary>
    private readonly bool _isByElement = patches.Groups > 1 && patches.Groups >= patches.Length;

    private float[]? _centre;

    /// <summary>The bytes that a covariance takes.</summary>
    public static long BytesOf(LayerPatches patches) =>
        patches.Groups == 1 ? GramSum.BytesOf(patches.Length) : sizeof(float) * (long)patches.Groups * patches.Length * patches.Length;

    /// <summary>Adds rows of an input, at positions that are spread evenly but for chance.</summary>
    /// <param name="values">The input.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="most">How many positions to take at most.</param>
    /// <param name="random">The chance.</param>
    public void Add(ReadOnlySpan<float> values, ReadOnlySpan<long> shape, int most, Random random)
    {
        long positions = patches.CountPositions(shape);
        int count = (int)Math.Min(positions, most), width = patches.Groups * patches.Length;
        float[] rows = new float[(long)count * width];
        for (int i = 0; i < count; i++)
        {
            long position = count == positions ? i : (long)((i + random.NextDouble()) * positions / count);
            patches.Read(values, shape, Math.Min(position, positions - 1), rows.AsSpan(i * width, width), _isByElement);
        }

        if (_centre is null)
        {
            _centre = new float[width];
            for (int i = 0; i < count; i++)
            {
                TensorPrimitives.Add(_centre, rows.AsSpan(i * width, width), _centre);
            }

            TensorPrimitives.Divide(_centre, Math.Max(1, count), _centre);
        }

        for (int i = 0; i < count; i++)
        {
            Span<float> row = rows.AsSpan(i * width, width);
            TensorPrimitives.Subtract(row, _centre, row);
            if (_isByElement)
            {
                AddElements(row);
            }
            else if (_whole is null)
            {
                AddGroups(row);
            }
        }

        _whole?.Add(rows);
    }

    /// <summary>The sums of each group, row by row.</summary>
    public ReadOnlyMemory<float>[] Finish()
    {
        if (_whole is not null)
        {
            return [_whole.Finish().Sums];
        }

        int length = patches.Length, groups = patches.Groups, size = length * length;
        float[] sums = _sums;
        if (_isByElement)
        {
            sums = new float[_sums.Length];
            for (int i = 0; i < length; i++)
            {
                for (int j = 0; j < length; j++)
                {
                    int pair = (Math.Min(i, j) * length + Math.Max(i, j)) * groups;
                    for (int group = 0; group < groups; group++)
                    {
                        sums[group * size + i * length + j] = _sums[pair + group];
                    }
                }
            }
        }

        return [.. Enumerable.Range(0, groups).Select(group => new ReadOnlyMemory<float>(sums, group * size, size))];
    }

    /// <summary>Adds x(i) · x(j) of all groups at once, for each i ≤ j.</summary>
    private void AddElements(ReadOnlySpan<float> row)
    {
        int length = patches.Length, groups = patches.Groups;
        for (int i = 0; i < length; i++)
        {
            ReadOnlySpan<float> x = row.Slice(i * groups, groups);
            for (int j = i; j < length; j++)
            {
                Span<float> sums = _sums.AsSpan((i * length + j) * groups, groups);
                TensorPrimitives.MultiplyAdd(x, row.Slice(j * groups, groups), sums, sums);
            }
        }
    }

    private void AddGroups(ReadOnlySpan<float> row)
    {
        int length = patches.Length;
        for (int group = 0; group < patches.Groups; group++)
        {
            ReadOnlySpan<float> x = row.Slice(group * length, length);
            for (int i = 0; i < length; i++)
            {
                Span<float> sums = _sums.AsSpan((group * length + i) * length, length);
                TensorPrimitives.MultiplyAdd(x, x[i], sums, sums);
            }
        }
    }
}
