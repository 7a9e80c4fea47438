namespace Quantization.Tool;

/// <summary>What every command refuses about the files that it is asked to write.</summary>
internal static class OutputRules
{
    /// <summary>Refuses to write over the float model, or two things to one file.</summary>
    /// <exception cref="UsageException">The paths do not go together.</exception>
    public static void ThrowUnlessSensible(string modelPath, string outputPath, ReportRequest report)
    {
        if (IsSame(modelPath, outputPath))
        {
            throw new UsageException($"--output {outputPath} is the float model itself, which would be lost; name another file.");
        }

        if (report.PagePath is { } page && (IsSame(page, outputPath) || IsSame(page, modelPath)))
        {
            throw new UsageException($"--report {page} is the {(IsSame(page, outputPath) ? "int8" : "float")} model's file; name another, such as report.html.");
        }
    }

    public static bool IsSame(string first, string second) => Path.GetFullPath(first) == Path.GetFullPath(second);
}
