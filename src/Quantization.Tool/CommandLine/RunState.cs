namespace Quantization.Tool;

/// <summary>What a long run keeps, so that it goes on from there when it was interrupted.</summary>
/// <param name="namedPath">The file that the user named; null for files beside the output that go when the run is done.</param>
/// <param name="outputPath">The output.</param>
internal sealed class RunState(string? namedPath, string outputPath)
{
    /// <summary>The calibration.</summary>
    public string CalibrationPath { get; } = namedPath ?? outputPath + ".qcal";

    /// <summary>The scores of the models that were tried.</summary>
    public string TrialsPath { get; } = (namedPath ?? outputPath) + ".trials";

    /// <summary>Refuses to keep anything in a file that is something else.</summary>
    /// <exception cref="UsageException">A path is.</exception>
    public void ThrowUnlessSensible(string modelPath, ReportRequest report)
    {
        if (((string?[])[modelPath, outputPath, report.PagePath]).OfType<string>().FirstOrDefault(other => OutputRules.IsSame(CalibrationPath, other) || OutputRules.IsSame(TrialsPath, other)) is { } taken)
        {
            throw new UsageException($"--state {CalibrationPath} would write over {taken}; name another file, such as model.qcal.");
        }
    }

    /// <summary>Does the work; where it is cancelled, the user is told what was kept.</summary>
    public void KeepWhenCancelled(Action work)
    {
        try
        {
            work();
        }
        catch (OperationCanceledException exception)
        {
            // Not in a filter, which would look before the work has put away what it keeps.
            throw Kept is { Length: > 0 } kept
                ? new ResumableException($"cancelled; no model was written. {kept} {(kept.Contains(" and ", StringComparison.Ordinal) ? "hold" : "holds")} what was done so far: the same command goes on from there.", exception)
                : new OperationCanceledException(exception.Message, exception, exception.CancellationToken);
        }
    }

    /// <summary>Removes what the user did not ask to keep.</summary>
    public void DeleteUnlessNamed()
    {
        if (namedPath is null)
        {
            File.Delete(CalibrationPath);
            File.Delete(TrialsPath);
        }
    }

    private string Kept => string.Join(" and ", new[] { CalibrationPath, TrialsPath }.Where(File.Exists));
}
