using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Quantization.Kernels;

namespace Quantization;

/// <summary>What was seen of each channel of a tensor: one <see cref="TensorStatistics"/> for each index along an axis.</summary>
/// <remarks>
/// Memory is constant: channels · (16 · bins per sign + 256) bytes, so 1,000 channels of the default 4,096 bins take 66 MB and of 256 bins
/// 4 MB; take fewer bins where that matters. Exact and mergeable as <see cref="TensorStatistics"/>, with the same rules for threads.
/// </remarks>
public sealed class ChannelStatistics
{
    private const int GatherLength = 1024;

    /// <summary>Rows of interleaved channels that are gathered together fit into the second-level cache.</summary>
    private const int GatherElements = 65_536;

    private readonly TensorStatistics[] _channels;

    /// <summary>Makes statistics that have seen nothing.</summary>
    /// <param name="channels">The number of indices along the axis.</param>
    /// <param name="axis">The axis of channels in the tensors to observe; a negative axis counts from the last.</param>
    /// <param name="binsPerSign">The bins of each sign of a channel: a power of two from 16 to 65,536.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="channels"/> is not positive, or <paramref name="binsPerSign"/> is no such number.
    /// </exception>
    public ChannelStatistics(int channels, int axis, int binsPerSign = TensorStatistics.DefaultBinsPerSign)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        BinLayout.ThrowUnlessBinCount(binsPerSign, nameof(binsPerSign));
        Axis = axis;
        _channels = new TensorStatistics[channels];
        for (int i = 0; i < channels; i++)
        {
            _channels[i] = new TensorStatistics(binsPerSign);
        }
    }

    internal ChannelStatistics(int axis, TensorStatistics[] channels)
    {
        Axis = axis;
        _channels = channels;
    }

    /// <summary>The axis of channels, as it was given.</summary>
    public int Axis { get; }

    /// <summary>The number of channels.</summary>
    public int ChannelCount => _channels.Length;

    /// <summary>The number of bins of each sign of a channel.</summary>
    public int BinsPerSign => _channels[0].BinsPerSign;

    /// <summary>What was seen of one channel.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such channel.</exception>
    public TensorStatistics this[int channel] => _channels[channel];

    /// <summary>Reads statistics that <see cref="Save"/> wrote; no more than those bytes are taken from the stream.</summary>
    /// <exception cref="InvalidDataException">
    /// The bytes are truncated, damaged, of another version, describe no possible statistics, or ask for more than 64 MB of bins of which
    /// they use less than a 64th.
    /// </exception>
    public static ChannelStatistics Load(Stream stream) => ChannelStatisticsFile.Read(stream);

    /// <summary>
    /// Reads statistics that <see cref="Save"/> wrote from memory, without a copy of the bytes. The span holds those bytes and no more.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The bytes are such as <see cref="Load(Stream)"/> refuses, or are followed by others.
    /// </exception>
    public static ChannelStatistics Load(ReadOnlySpan<byte> bytes) => SpanReader.Read(bytes, Load, "channel statistics");

    /// <summary>
    /// Counts the finite values of a tensor in; see <see cref="Observe(in ReadOnlyTensorSpan{float}, NonFiniteValues)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor has no such axis, or another number of channels.</exception>
    /// <exception cref="NonFiniteValueException">A value is NaN or infinite; nothing was counted.</exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values in a channel; nothing was counted.</exception>
    public void Observe(in ReadOnlyTensorSpan<float> values) => Observe(values, NonFiniteValues.Throw);

    /// <summary>Counts the values of a tensor in, each for its channel. A tensor that is not row-major is copied first.</summary>
    /// <param name="values">The tensor; its length along <see cref="Axis"/> is <see cref="ChannelCount"/>.</param>
    /// <param name="nonFinite">What to do with NaN and ±∞.</param>
    /// <exception cref="ArgumentException">The tensor has no such axis, or another number of channels.</exception>
    /// <exception cref="NonFiniteValueException">
    /// A value is NaN or infinite and <paramref name="nonFinite"/> is <see cref="NonFiniteValues.Throw"/>; nothing was counted.
    /// </exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 values in a channel; nothing was counted.</exception>
    public void Observe(in ReadOnlyTensorSpan<float> values, NonFiniteValues nonFinite)
    {
        Granularity granularity = Granularity.PerChannel(Axis);
        nint found = values.Lengths[granularity.GetAxis(values.Rank)];
        if (found != _channels.Length)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tensor has {found} channels on axis {Axis}; these statistics have {_channels.Length}."), nameof(values));
        }

        if (values.FlattenedLength == 0)
        {
            return;
        }

        // Also tells before anything is counted whether a value must be refused.
        TensorStatistics.Scan(values, nonFinite);
        foreach (TensorStatistics channel in _channels)
        {
            channel.ThrowUnlessRoomFor(values.FlattenedLength / found);
        }

        using DenseSource<float> source = new(values);
        ref readonly float first = ref source.Elements.GetPinnableReference();
        RunLayout layout = RunLayout.Create(granularity, values.Lengths);
        if (layout.ParameterPerElement)
        {
            ObserveInterleaved(in first, layout.RunCount);
        }
        else
        {
            ObserveRuns(in first, layout);
        }
    }

    /// <summary>
    /// Adds what other statistics have seen, as if this instance had seen it too. <paramref name="other"/> is not changed.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="other"/> has another number of channels or bins, or another axis.</exception>
    /// <exception cref="OverflowException">Together they have seen more than 2⁶³ − 1 values of a channel; nothing was added.</exception>
    public void Merge(ChannelStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.ChannelCount != ChannelCount || other.Axis != Axis || other.BinsPerSign != BinsPerSign)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Statistics of {other.ChannelCount} channels on axis "
                + $"{other.Axis} with {other.BinsPerSign} bins per sign cannot be merged into {ChannelCount} channels on axis {Axis} with "
                + $"{BinsPerSign} bins."), nameof(other));
        }

        for (int i = 0; i < _channels.Length; i++)
        {
            _channels[i].ThrowUnlessRoomFor(other._channels[i]);
        }

        for (int i = 0; i < _channels.Length; i++)
        {
            _channels[i].Merge(other._channels[i]);
        }
    }

    /// <summary>What was seen of all channels together: equal to what observing the tensors whole gives.</summary>
    /// <exception cref="OverflowException">Together the channels have seen more than 2⁶³ − 1 values.</exception>
    public TensorStatistics MergeChannels()
    {
        TensorStatistics all = new(BinsPerSign);
        foreach (TensorStatistics channel in _channels)
        {
            all.Merge(channel);
        }

        return all;
    }

    /// <summary>
    /// Writes the state: versioned, little-endian and closed by checksums. Statistics of equal content write equal bytes.
    /// </summary>
    public void Save(Stream stream) => ChannelStatisticsFile.Write(this, stream);

    /// <summary>
    /// Whether both have seen the same: the same axis, channels and bins, and the same state of every channel, bit for bit.
    /// <see cref="object.Equals(object)"/> compares references, because the state changes with
    /// every value observed.
    /// </summary>
    public bool ContentEquals(ChannelStatistics? other)
    {
        if (other is null || Axis != other.Axis || _channels.Length != other._channels.Length)
        {
            return false;
        }

        for (int i = 0; i < _channels.Length; i++)
        {
            if (!_channels[i].ContentEquals(other._channels[i]))
            {
                return false;
            }
        }

        return true;
    }

    private void ObserveRuns(ref readonly float first, RunLayout layout)
    {
        for (nint i = 0; i < layout.RunCount; i++)
        {
            Run run = layout.GetRun(i);
            for (nint done = 0; done < run.Count; done += TensorRuns.LongestRun)
            {
                int length = (int)nint.Min(run.Count - done, TensorRuns.LongestRun);
                ref readonly float start = ref Unsafe.Add(ref Unsafe.AsRef(in first), run.Start + done);
                _channels[run.Parameter].Observe(MemoryMarshal.CreateReadOnlySpan(in start, length), NonFiniteValues.Ignore);
            }
        }
    }

    /// <summary>
    /// Channels side by side on the last axis: some rows at a time are gathered channel by channel, while they are in the cache.
    /// </summary>
    private void ObserveInterleaved(ref readonly float first, nint rows)
    {
        Span<float> gathered = stackalloc float[GatherLength];
        int rowsAtOnce = Math.Clamp(GatherElements / _channels.Length, 16, GatherLength);
        for (nint row = 0; row < rows; row += rowsAtOnce)
        {
            int count = (int)nint.Min(rowsAtOnce, rows - row);
            for (int channel = 0; channel < _channels.Length; channel++)
            {
                for (int i = 0; i < count; i++)
                {
                    gathered[i] = Unsafe.Add(ref Unsafe.AsRef(in first), (row + i) * _channels.Length + channel);
                }

                _channels[channel].Observe(gathered[..count], NonFiniteValues.Ignore);
            }
        }
    }
}
