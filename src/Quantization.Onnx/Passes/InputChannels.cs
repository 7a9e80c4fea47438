using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The weights of a Conv by the channels of its input.</summary>
/// <param name="weight">The weights, [outputs, inputs of a group, kernel …].</param>
/// <param name="groups">The number of groups.</param>
internal sealed class InputChannels(TensorProto weight, long groups)
{
    private readonly float[] _weights = weight.ReadFloats();
    private readonly long _inputs = weight.Dims[1], _taps = weight.StrideOf(1);
    private readonly long _outputsOfGroup = Math.Max(1, weight.Dims[0] / Math.Max(1, groups));

    /// <summary>The number of channels of the input.</summary>
    public long Count => _inputs * groups;

    /// <summary>The weights, each times the factor of the channel that it multiplies.</summary>
    /// <param name="factors">One factor, or one for each channel.</param>
    public float[] Scale(double[] factors) =>
        [.. _weights.Select((value, i) => (float)(value * factors[factors.Length == 1 ? 0 : ChannelOf(i)]))];

    /// <summary>What a constant input gives, for each output.</summary>
    /// <param name="values">The constant, one for all channels or one per channel.</param>
    public double[] Sum(double[] values)
    {
        double[] sums = new double[weight.Dims[0]];
        for (int i = 0; i < _weights.Length; i++)
        {
            sums[i / (_inputs * _taps)] += _weights[i] * (values.Length == 1 ? 1 : values[ChannelOf(i)]);
        }

        return values.Length == 1 ? [.. sums.Select(sum => values[0] * sum)] : sums;
    }

    private long ChannelOf(int position) => (position / (_inputs * _taps) / _outputsOfGroup * _inputs) + (position / _taps % _inputs);
}
