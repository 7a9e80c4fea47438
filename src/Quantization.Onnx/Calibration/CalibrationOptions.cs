using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How a model is calibrated. Immutable.</summary>
public sealed record CalibrationOptions
{
    private readonly int _maxDegreeOfParallelism = Environment.ProcessorCount;
    private readonly int? _maxSamples;

    /// <summary>
    /// The bins of each sign in the statistics of an activation; see <see cref="TensorStatistics.BinsPerSign"/>. The default is 4,096.
    /// </summary>
    public int BinsPerSign { get; init; } = TensorStatistics.DefaultBinsPerSign;

    /// <summary>
    /// What to do if the float model computes NaN or infinity. The default is an error. Samples that contain them are always an error.
    /// </summary>
    public NonFiniteValues NonFinite { get; init; } = NonFiniteValues.Throw;

    /// <summary>
    /// How many samples run in parallel, at least 1; the default is the number of processors. The result does not depend on it. Without a
    /// <see cref="SessionOptionsFactory"/> each run then takes one thread.
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

    /// <summary>How many samples are run at most, the first ones of the source, at least 1; null, the default, for all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? MaxSamples
    {
        get => _maxSamples;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? 1, 1, nameof(value));
            _maxSamples = value;
        }
    }

    /// <summary>What to do with the padding of samples; by default it does not count.</summary>
    public PaddingOptions Padding
    {
        get;
        init => field = value ?? throw new ArgumentNullException(nameof(Padding));
    } = new();

    /// <summary>
    /// What the model will run on, as in <see cref="PtqOptions.Runtime"/>; the default is ONNX Runtime on a processor. Each needs other
    /// activations, so a calibration serves the runtime that it was made for.
    /// </summary>
    public TargetRuntime Runtime { get; init; } = TargetRuntime.OnnxRuntimeCpu;

    /// <summary>Makes the options of each session that ONNX Runtime opens; see <see cref="PtqOptions.SessionOptionsFactory"/>.</summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <summary>Where the samples run; null, the default, for this process. The result does not depend on it.</summary>
    /// <remarks>
    /// Workers run static int8's observations of samples that are enumerated, not those that come asynchronously. They have no
    /// <see cref="SessionOptionsFactory"/> and count their own threads, so <see cref="MaxDegreeOfParallelism"/> is ignored.
    /// </remarks>
    public IWorkPlace? Place { get; init; }

    /// <summary>Whether each run takes one thread even where no other runs beside it, for workers that are given few threads.</summary>
    internal bool RunsOnOneThread { get; init; }

    /// <summary>The samples that are run.</summary>
    internal ISampleSource Limit(ISampleSource samples) => MaxSamples is { } most
        ? SampleSource.FromEnumerable(samples.Take(most), samples.Count is { } count ? Math.Min(count, most) : null)
        : samples;
}
