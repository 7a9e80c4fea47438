using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How a model is calibrated. Immutable.</summary>
public sealed record CalibrationOptions
{
    private readonly int _maxDegreeOfParallelism = Environment.ProcessorCount;
    private readonly long _maxActivationBytes = 1L << 30;

    /// <summary>The bins of each sign in the statistics of an activation; see <see cref="TensorStatistics.BinsPerSign"/>. The default is 4,096.</summary>
    public int BinsPerSign { get; init; } = TensorStatistics.DefaultBinsPerSign;

    /// <summary>What to do where the model computes NaN or infinity in float. The default is an error. Samples that hold them are always an error.</summary>
    public NonFiniteValues NonFinite { get; init; } = NonFiniteValues.Throw;

    /// <summary>
    /// How many samples run side by side, at least 1; the default is the number of processors. The result does not depend on it. Without a <see cref="SessionOptionsFactory"/> each run then takes one thread.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int MaxDegreeOfParallelism
    {
        get => _maxDegreeOfParallelism;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxDegreeOfParallelism = value;
        }
    }

    /// <summary>
    /// How many bytes of activations may be held at a time, judged by the first sample; the default is 1 GiB. Where a model has more, its activations are dealt into groups and each sample runs once a group:
    /// slower, in less memory. The result is the same but for the last bits of activations, where ONNX Runtime fuses other nodes. A single activation that is larger is held all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MaxActivationBytes
    {
        get => _maxActivationBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _maxActivationBytes = value;
        }
    }

    /// <summary>Makes the options of each session that ONNX Runtime opens; see <see cref="PtqOptions.SessionOptionsFactory"/>.</summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }
}
