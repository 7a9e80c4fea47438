using System.IO.Compression;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>
/// The stored calibrations, and the models that are small enough to be stored beside them. Quantizing from them runs no samples, so the
/// bytes do not depend on how a processor rounds in ONNX Runtime's kernels.
/// </summary>
internal static class GoldenArchive
{
    private const string ModelEnding = ".onnx";

    private static readonly Lock Gate = new();

    private static string FilePath => GoldenFolder.PathTo("calibrations.zip");

    /// <summary>The names of the models below a folder that have a stored calibration, in ordinal order.</summary>
    public static string[] ListModels(string folder)
    {
        string[] endings = [.. Enum.GetValues<TargetRuntime>().Select(runtime => CalibrationName("", runtime))];
        using ZipArchive archive = ZipFile.OpenRead(FilePath);
        return
        [
            .. archive.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith($"{folder}/", StringComparison.Ordinal))
                .SelectMany(name => endings.Where(name.EndsWith).Select(ending => name[..^ending.Length]))
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The stored calibration of a model for a runtime; null where there is none.</summary>
    public static ModelCalibration? FindCalibration(string model, TargetRuntime runtime)
    {
        using TemporaryFolder folder = new();
        return Extract(CalibrationName(model, runtime), folder.PathTo("stored.qcal")) is { } path ? ModelCalibration.Load(path) : null;
    }

    /// <summary>Writes a stored model to a file and gives its path; null where it is not stored.</summary>
    public static string? ExtractModel(string model, string path) => Extract(model + ModelEnding, path);

    /// <summary>Adds a calibration.</summary>
    public static void Add(string model, TargetRuntime runtime, ModelCalibration calibration)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathTo("new.qcal");
        calibration.Save(path);
        lock (Gate)
        {
            using ZipArchive archive = ZipFile.Open(FilePath, ZipArchiveMode.Update);
            archive.CreateEntryFromFile(path, CalibrationName(model, runtime), CompressionLevel.SmallestSize);
        }
    }

    private static string CalibrationName(string model, TargetRuntime runtime) =>
        $"{model}.{(runtime == TargetRuntime.OnnxRuntimeCpu ? "cpu" : "compiler")}.qcal";

    private static string? Extract(string name, string path)
    {
        lock (Gate)
        {
            using ZipArchive archive = ZipFile.OpenRead(FilePath);
            ZipArchiveEntry? entry = archive.GetEntry(name);
            entry?.ExtractToFile(path, overwrite: true);
            return entry is null ? null : path;
        }
    }
}
