namespace Quantization.Tool;

/// <summary>How a command was asked to tell what it did.</summary>
/// <param name="PagePath">The page to write; null for none.</param>
/// <param name="PlanPath">The plan to write; null for none.</param>
/// <param name="IsJson">Whether the output is JSON instead of text.</param>
/// <param name="IsQuiet">Whether no progress is shown.</param>
/// <param name="IsVerbose">Whether long lists are told whole.</param>
internal sealed record ReportRequest(string? PagePath, string? PlanPath, bool IsJson, bool IsQuiet, bool IsVerbose)
{
    /// <summary>The command as the user gave it; null in tests of other parts.</summary>
    public Invocation? Invocation { get; init; }

    /// <summary>Whether anybody will look at each layer.</summary>
    public bool NeedsLayers => PagePath is not null || IsJson;
}
