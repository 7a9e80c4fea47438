using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>The ranges that a calibrator chooses for a tensor's groups, from statistics of one group at a time.</summary>
internal static unsafe class GroupStatistics
{
    /// <summary>
    /// The bins of each sign where a tensor has many groups: a quarter of those of a whole tensor's statistics, still eight for each code
    /// of 8 bits.
    /// </summary>
    private const int BinsOfManyGroups = 1024;

    private const int BufferLength = 1024;

    /// <summary>The range of each group that <paramref name="granularity"/> makes; a group without values has [0, 0].</summary>
    /// <exception cref="ArgumentException">A value is not finite, or there is no such axis.</exception>
    public static ValueRange[] Calibrate(
        in ReadOnlyTensorSpan<float> values, Granularity granularity, CodeFormat format, QuantizationScheme scheme, ICalibrator calibrator)
    {
        ValueRange[] ranges = GroupRanges.MinMax(values, granularity);
        if (values.FlattenedLength == 0)
        {
            return ranges;
        }

        GroupLayout layout = new(granularity, values.Lengths);
        int bins = granularity.Kind == GranularityKind.PerTensor ? TensorStatistics.DefaultBinsPerSign : BinsOfManyGroups;
        float* buffer = stackalloc float[BufferLength];
        using DenseSource<float> dense = new(values);
        fixed (float* elements = dense.Elements)
        {
            for (int i = 0; i < ranges.Length; i++)
            {
                TensorStatistics statistics = new(bins);
                Observe(statistics, elements, layout[i], buffer);
                ranges[i] = calibrator.Calibrate(statistics, format, scheme).Range;
            }
        }

        return ranges;
    }

    private static void Observe(TensorStatistics statistics, float* elements, Group group, float* buffer)
    {
        if (group.PieceLength > 1)
        {
            for (nint piece = 0; piece < group.Pieces; piece++)
            {
                for (nint done = 0; done < group.PieceLength; done += TensorRuns.LongestRun)
                {
                    statistics.Observe(new ReadOnlySpan<float>(
                        elements + group.Start + piece * group.Stride + done,
                        (int)Math.Min(TensorRuns.LongestRun, group.PieceLength - done)));
                }
            }

            return;
        }

        for (nint piece = 0; piece < group.Pieces;)
        {
            int length = (int)Math.Min(BufferLength, group.Pieces - piece);
            for (int i = 0; i < length; i++, piece++)
            {
                buffer[i] = elements[group.Start + piece * group.Stride];
            }

            statistics.Observe(new ReadOnlySpan<float>(buffer, length));
        }
    }

    /// <summary>Where the elements of one group lie: pieces of consecutive elements, equally far apart.</summary>
    private readonly record struct Group(nint Start, nint Pieces, nint Stride, nint PieceLength);

    /// <summary>Seen along the granularity's axis, a tensor is [outer][axis][inner].</summary>
    private readonly struct GroupLayout
    {
        private readonly Granularity _granularity;
        private readonly nint _outer = 1;
        private readonly nint _count = 1;
        private readonly nint _inner = 1;

        public GroupLayout(Granularity granularity, ReadOnlySpan<nint> shape)
        {
            _granularity = granularity;
            int axis = granularity.Kind == GranularityKind.PerTensor ? -1 : granularity.GetAxis(shape.Length);
            for (int i = 0; i < shape.Length; i++)
            {
                _outer *= i < axis ? shape[i] : 1;
                _count *= i == axis ? shape[i] : 1;
                _inner *= i > axis ? shape[i] : 1;
            }
        }

        public Group this[nint index]
        {
            get
            {
                if (_granularity.Kind != GranularityKind.PerBlock)
                {
                    return new Group(index * _inner, _outer, _count * _inner, _inner);
                }

                nint size = _granularity.BlockSize;
                (nint row, nint column) = Math.DivRem(index, _inner);
                (nint outer, nint block) = Math.DivRem(row, (_count + size - 1) / size);
                nint rows = Math.Min(size, _count - block * size);
                nint start = (outer * _count + block * size) * _inner + column;
                return _inner == 1 ? new Group(start, 1, 0, rows) : new Group(start, rows, _inner, 1);
            }
        }
    }
}
