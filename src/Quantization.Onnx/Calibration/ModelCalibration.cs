namespace Quantization.Onnx;

/// <summary>
/// The calibration of a model: statistics of each activation that quantization needs a range for. Made on shards of the samples and merged,
/// it is the same, byte for byte, as made on all of them. Its size depends on the model alone.
/// </summary>
/// <remarks>One thread at a time may merge into an instance; any number may read one that nobody changes.</remarks>
public sealed class ModelCalibration
{
    private readonly SortedDictionary<string, TensorStatistics> _activations;

    internal ModelCalibration(
        ModelFingerprint model, long sampleCount, SortedDictionary<string, TensorStatistics> activations, CalibrationOrigin? origin = null)
    {
        Model = model;
        SampleCount = sampleCount;
        Origin = origin;
        _activations = activations;
    }

    /// <summary>The number of samples that were run.</summary>
    public long SampleCount { get; private set; }

    /// <summary>The statistics of each activation, by its name in the model.</summary>
    public IReadOnlyDictionary<string, TensorStatistics> Activations => _activations;

    /// <summary>
    /// Which padding was left out; null where no sample had a mask, and for files that older versions of this library wrote.
    /// </summary>
    public ObservedPadding? Padding { get; internal set; }

    /// <summary>The SHA-256 of the model's file, in hexadecimal.</summary>
    public string ModelSha256 => Model.ToString();

    /// <summary>How much was observed, in words.</summary>
    public override string ToString() => FormattableString.Invariant($"{SampleCount} samples, {_activations.Count} activations");

    internal ModelFingerprint Model { get; }

    /// <summary>What it was made from and with; null where its file does not say.</summary>
    internal CalibrationOrigin? Origin { get; private set; }

    /// <summary>Whether a search or a partial quantization keeps it for itself, and may replace its file.</summary>
    internal bool IsKeptByRun { get; init; }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no calibration, or truncated, damaged or of another version.</exception>
    public static ModelCalibration Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such calibration file.", path);
        }

        return ModelCalibrationFile.Read(path);
    }

    /// <summary>Adds the statistics of the same model on other samples. <paramref name="other"/> is not changed.</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="other"/> was made from another model or with another number of bins; nothing was added.
    /// </exception>
    public void Merge(ModelCalibration other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Model != Model)
        {
            throw new ArgumentException($"The calibrations were made from different models, with SHA-256 {ModelSha256} and "
                + $"{other.ModelSha256}; calibrate both shards on the same file.", nameof(other));
        }

        bool fits = _activations.Count == other._activations.Count
            && _activations.All(each => other._activations.TryGetValue(each.Key, out TensorStatistics? theirs)
                && theirs.BinsPerSign == each.Value.BinsPerSign);
        if (!fits)
        {
            throw new ArgumentException("The calibrations observed different activations or count in different numbers of bins; make both "
                + "with the same options and versions.", nameof(other));
        }

        foreach ((string name, TensorStatistics statistics) in _activations)
        {
            statistics.Merge(other._activations[name]);
        }

        SampleCount += other.SampleCount;
        Origin = CalibrationOrigin.Merge(Origin, other.Origin);
        Padding = ObservedPadding.Merge(Padding, other.Padding);
    }

    /// <summary>
    /// Writes the calibration; an existing file is replaced in one step, or stays as it was if writing fails. Equal calibrations give equal
    /// files.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream => ModelCalibrationFile.Write(this, stream, isKeptByRun: false));
    }

    /// <summary>Writes the calibration as the state of a run, which may replace it.</summary>
    internal void Keep(string path)
    {
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream => ModelCalibrationFile.Write(this, stream, isKeptByRun: true));
    }
}
