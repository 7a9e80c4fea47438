using System.Collections;

namespace Quantization.Onnx;

/// <summary>
/// The samples of a folder, in the ordinal order of their names, each read when its turn comes:
/// <list type="bullet">
/// <item><c>name.npy</c>, a NumPy array: the value of the model's only input;</item>
/// <item><c>name.npz</c>, NumPy arrays named after the inputs, compressed or not;</item>
/// <item>a subfolder with <c>input_0.pb</c>, <c>input_1.pb</c> …: ONNX's own test layout, a TensorProto per input;</item>
/// <item>or the folder itself has <c>input_0.pb</c> …: then it is one sample.</item>
/// </list>
/// Other files and folders are passed over. Values may have the batch axis or lack it.
/// </summary>
public sealed class SampleFolder : ISampleSource
{
    /// <summary>The value of <see cref="MaxSampleBytes"/> where none is given: 1 GiB.</summary>
    public const long DefaultMaxSampleBytes = 1L << 30;

    private readonly string[] _paths;

    /// <summary>Lists a folder's samples; their values are read later.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="labels">The samples' classes by the name of their file or subfolder; null where they are not known.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The folder has no sample, or a label has none.</exception>
    public SampleFolder(string path, LabelFile? labels = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path}: there is no such folder.");
        }

        FolderPath = path;
        Labels = labels;
        _paths = List(path);
        if (_paths.Length == 0)
        {
            if (ImageFiles.In(path).Any())
            {
                Advice advice = ImageAdvice.FolderOfImages(path);
                throw advice.On(new InvalidDataException(advice.Message));
            }

            throw new InvalidDataException(
                $"{path}: the folder has no sample; put .npy or .npz files there, or subfolders with ONNX's input_0.pb …, or images.");
        }

        labels?.ThrowUnlessAmong(_paths.Select(file => Path.GetFileName(file)), path);
    }

    private SampleFolder(SampleFolder whole, IEnumerable<string> paths)
    {
        FolderPath = whole.FolderPath;
        Labels = whole.Labels;
        MaxSampleBytes = whole.MaxSampleBytes;
        Skipped = whole.Skipped;
        _paths = [.. paths];
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>The samples' classes, or null.</summary>
    public LabelFile? Labels { get; }

    /// <summary>
    /// The most bytes that the values of one sample may take in memory. Headers are checked against it before anything is read or inflated,
    /// so that a small file cannot ask for more memory than there is.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public long MaxSampleBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    }
    = DefaultMaxSampleBytes;

    /// <summary>The samples that <see cref="SkipUnreadable"/> left out; empty where nothing was.</summary>
    public IReadOnlyList<UnreadableSample> Skipped { get; private init; } = [];

    /// <summary>The number of samples.</summary>
    public int Count => _paths.Length;

    int? ISampleSource.Count => Count;

    /// <summary>Whether a folder has arrays that are samples.</summary>
    /// <param name="path">The folder; one that is missing has none.</param>
    public static bool HasSamples(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path) && List(path).Length > 0;
    }

    /// <summary>Reads the samples one by one.</summary>
    /// <remarks>
    /// Moving on reads headers alone. It throws <see cref="InvalidDataException"/> where a file is damaged or exceeds
    /// <see cref="MaxSampleBytes"/>, and <see cref="IOException"/> where it cannot be read
    /// or is no regular file. The values are read when <see cref="SampleTensor.Data"/> is asked for, so the files must stay in place until
    /// then.
    /// </remarks>
    public IEnumerator<ModelSample> GetEnumerator() => _paths.Select(Read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// The same samples without those that cannot be read. Each is read once to find out; the files have to stay as they are until the run
    /// is over.
    /// </summary>
    /// <param name="maxShare">The share of samples that may be left out, 0 … 1; a tenth by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxShare"/> is no share.</exception>
    /// <exception cref="InvalidDataException">More cannot be read, or none can.</exception>
    public SampleFolder SkipUnreadable(double maxShare = 0.1)
    {
        (List<string> readable, List<UnreadableSample> others) = ReadableSamples.Find(FolderPath, _paths, Read, maxShare);
        return new SampleFolder(this, readable) { Skipped = others };
    }

    /// <summary>
    /// Deals the samples into those to calibrate on and those to score with, so that none does both. Of the labelled samples, in order, the
    /// first, the fifth, the ninth … calibrate and the others score; samples without a label calibrate. The same folder is always dealt the
    /// same way.
    /// </summary>
    /// <exception cref="InvalidOperationException">Fewer than two samples have a label.</exception>
    public (SampleFolder Calibration, SampleFolder Scoring) Split()
    {
        (List<string> calibration, List<string> scoring) = LabelledSplit.Deal(
            FolderPath, _paths, path => Labels?.Find(Path.GetFileName(path)) is not null);
        return (new SampleFolder(this, calibration), new SampleFolder(this, scoring));
    }

    private static string[] List(string folder)
    {
        if (SampleFile.OnnxInputs(folder).Any())
        {
            return [Path.TrimEndingDirectorySeparator(folder)];
        }

        List<string> paths = [.. Directory.EnumerateFiles(folder).Where(file => IsNpy(file) || IsNpz(file))];
        paths.AddRange(Directory.EnumerateDirectories(folder).Where(subfolder => SampleFile.OnnxInputs(subfolder).Any()));
        return [.. paths.Order(StringComparer.Ordinal)];
    }

    private ModelSample Read(string path)
    {
        string name = Path.GetFileName(path);
        SampleOrigin origin = new(
            IsNpy(path) ? SampleFileKind.Npy : IsNpz(path) ? SampleFileKind.Npz : SampleFileKind.Onnx, path, MaxSampleBytes);
        int? label = Labels?.Find(name);
        return new ModelSample(path, SampleFile.Read(origin.Kind, path, MaxSampleBytes))
        {
            Label = label,
            LabelOrigin = label is null ? null : Labels!.Locate(name),
            Origin = origin,
        };
    }

    private static bool IsNpy(string path) => path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    private static bool IsNpz(string path) => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file's name is that of a sample, or of an input of one.</summary>
    internal static bool IsSampleFile(string path) =>
        IsNpy(path) || IsNpz(path) || path.EndsWith(".pb", StringComparison.OrdinalIgnoreCase);
}
