using static TorchSharp.torch;

namespace Quantization.TorchSharp;

/// <summary>
/// What calibration counts of the values of a <see cref="FakeQuantize"/>: one statistic for each group that shares a scale.
/// </summary>
/// <param name="options">Which values share a scale, and the scheme of their codes.</param>
/// <param name="groups">How many groups there are.</param>
internal sealed class RangeStatistics(FakeQuantizeOptions options, int groups)
{
    /// <summary>Bins per sign of a single channel's statistic: a channel of weights has hundreds to thousands of values.</summary>
    private const int ChannelBins = 1024;

    private readonly TensorStatistics[] _groups =
        [.. Enumerable.Range(0, groups).Select(_ => new TensorStatistics(groups == 1 ? TensorStatistics.DefaultBinsPerSign : ChannelBins))];

    /// <summary>Counts values.</summary>
    public void Observe(Tensor input)
    {
        using Tensor detached = input.detach();
        using DisposableTensor dense = DisposableTensor.DenseOf(detached);
        if (groups == 1)
        {
            _groups[0].Observe(TensorMemory.Span<float>(dense.Tensor));
            return;
        }

        for (int i = 0; i < _groups.Length; i++)
        {
            using Tensor group = GroupOf(dense.Tensor, options.Granularity, groups, i);
            _groups[i].Observe(TensorMemory.Span<float>(group));
        }
    }

    /// <summary>The results that a calibrator finds in what was counted; none where nothing was.</summary>
    public CalibrationResult[] Calibrate(ICalibrator calibrator, CodeFormat format) =>
        _groups[0].Count == 0 ? [] : [.. _groups.Select(each => calibrator.Calibrate(each, format, options.Scheme))];

    /// <summary>The values that share a scale, as a tensor of their own.</summary>
    public static Tensor GroupOf(Tensor dense, Granularity granularity, int groups, int group)
    {
        if (granularity.Kind == GranularityKind.PerBlock)
        {
            using Tensor blocks = dense.reshape(groups, granularity.BlockSize);
            return blocks.select(0, group).clone();
        }

        using Tensor channel = dense.select(granularity.GetAxis((int)dense.dim()), group);
        return channel.is_contiguous() ? channel.clone() : channel.contiguous();
    }
}
