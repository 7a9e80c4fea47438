namespace Quantization.Onnx.Tests.Golden;

/// <summary>A float model with a stored calibration for each runtime.</summary>
internal sealed class GoldenSubject
{
    private readonly Dictionary<TargetRuntime, Lazy<ModelCalibration?>> _calibrations;
    private readonly Dictionary<TargetRuntime, Lazy<string[]>> _weighted;

    /// <param name="name">The name in the table.</param>
    /// <param name="path">The model's file.</param>
    public GoldenSubject(string name, string path)
    {
        (Name, Path) = (name, path);
        TargetRuntime[] runtimes = Enum.GetValues<TargetRuntime>();
        _calibrations = runtimes.ToDictionary(
            runtime => runtime,
            runtime => new Lazy<ModelCalibration?>(() => GoldenArchive.FindCalibration(name, runtime)));
        _weighted = runtimes.ToDictionary(
            runtime => runtime,
            runtime => new Lazy<string[]>(() => GoldenModels.WeightedNodes(path, runtime)));
    }

    /// <summary>The name in the table.</summary>
    public string Name { get; }

    /// <summary>The model's file.</summary>
    public string Path { get; }

    /// <summary>Makes the samples of a new calibration; null for a stored model, whose calibrations are stored with it.</summary>
    public Func<ISampleSource>? MakeSamples { get; init; }

    /// <summary>The bins of a new calibration.</summary>
    public int BinsPerSign { get; init; } = 128;

    /// <summary>Whether all options are tried with the model, or a few only.</summary>
    public bool HasAllOptions { get; init; } = true;

    /// <summary>Which options every run of the tests has the time for.</summary>
    public Predicate<string> IsQuick { get; init; } = _ => true;

    /// <summary>The stored calibration; null where nothing of the model can be quantized for the runtime.</summary>
    public ModelCalibration? FindCalibration(TargetRuntime runtime) => _calibrations[runtime].Value;

    /// <summary>The stored calibration.</summary>
    public ModelCalibration Calibration(TargetRuntime runtime) => FindCalibration(runtime)!;

    /// <summary>The names of the nodes with weights.</summary>
    public string[] Weighted(TargetRuntime runtime) => _weighted[runtime].Value;

    /// <summary>Every third of some names.</summary>
    public static string[] EveryThird(IEnumerable<string> names) => [.. names.Where((_, i) => i % 3 == 0)];

    /// <summary>
    /// Makes and stores the calibrations where there are none. Where there is one alone, nothing of the model can be quantized for
    /// the other runtime.
    /// </summary>
    public void Calibrate()
    {
        if (MakeSamples is null || _calibrations.Keys.Any(runtime => FindCalibration(runtime) is not null))
        {
            return;
        }

        foreach (TargetRuntime runtime in _calibrations.Keys)
        {
            CalibrationOptions options = new() { BinsPerSign = BinsPerSign, Runtime = runtime };
            ModelCalibration calibration = ModelCalibrator.Calibrate(Path, MakeSamples(), options);
            GoldenArchive.Add(Name, runtime, calibration);
            _calibrations[runtime] = new Lazy<ModelCalibration?>(() => calibration);
        }
    }
}
