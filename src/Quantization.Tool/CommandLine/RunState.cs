using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What a long run keeps, so that it goes on from there when it was interrupted.</summary>
/// <param name="namedPath">The file that the user named; null for files beside the output that go when the run is done.</param>
/// <param name="outputPath">The output.</param>
internal sealed class RunState(string? namedPath, string outputPath)
{
    private const string KeptKey = "kept";

    /// <summary>The calibration.</summary>
    public string CalibrationPath { get; } = namedPath ?? outputPath + ".qcal";

    /// <summary>The scores of the models that were tried.</summary>
    public string TrialsPath { get; } = (namedPath ?? outputPath) + ".trials";

    /// <summary>Refuses to keep anything in a file that is something else.</summary>
    /// <exception cref="UsageException">A path is.</exception>
    public void ThrowUnlessSensible(string modelPath, DataRequest data, ReportRequest report)
    {
        string?[] others = [modelPath, outputPath, report.PagePath];
        if (others.OfType<string>()
            .FirstOrDefault(other => OutputPath.IsSame(CalibrationPath, other) || OutputPath.IsSame(TrialsPath, other)) is { } taken)
        {
            throw new UsageException($"--state {CalibrationPath} would write over {taken}; name another file, such as model.qcal.");
        }

        OutputRules.ThrowIfInput("--state", CalibrationPath, modelPath, data);
        OutputRules.ThrowIfInput("--state", TrialsPath, modelPath, data);
    }

    /// <summary>Does the work; where it is cancelled or fails, the user is told what was kept.</summary>
    public void KeepWhenCancelled(Action work)
    {
        Dictionary<string, DateTime> before = Files.ToDictionary(file => file, File.GetLastWriteTimeUtc);
        try
        {
            work();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What the work did not touch may be what it failed at.
            exception.Data[KeptKey] = Describe(Files.Where(file => File.GetLastWriteTimeUtc(file) != before.GetValueOrDefault(file)));
            throw;
        }
        catch (OperationCanceledException exception)
        {
            // Not in a filter, which would look before the work has put away what it keeps.
            throw Describe(Files) is { Length: > 0 } kept
                ? new ResumableException($"cancelled; no model was written.{kept}", exception)
                : new OperationCanceledException(exception.Message, exception, exception.CancellationToken);
        }
    }

    /// <summary>Removes what the user did not ask to keep, if a run wrote it.</summary>
    public void DeleteUnlessNamed()
    {
        if (namedPath is not null)
        {
            return;
        }

        if (File.Exists(CalibrationPath) && ModelCalibration.Load(CalibrationPath).IsKeptByRun)
        {
            File.Delete(CalibrationPath);
        }

        if (TrialFile.IsOne(TrialsPath))
        {
            File.Delete(TrialsPath);
        }
    }

    /// <summary>A sentence on what a run that failed has kept; empty where there is nothing.</summary>
    public static string KeptBy(Exception exception) => exception.Data[KeptKey] as string ?? "";

    /// <summary>The files that are there.</summary>
    private string[] Files => [.. new[] { CalibrationPath, TrialsPath }.Where(File.Exists)];

    /// <summary>A sentence on what files keep, after a space; empty where there is none.</summary>
    private static string Describe(IEnumerable<string> kept) => kept.ToArray() switch
    {
        [] => "",
        [string file] => $" {file} holds what was done so far: the same command goes on from there.",
        string[] files => $" {string.Join(" and ", files)} hold what was done so far: the same command goes on from there.",
    };
}
