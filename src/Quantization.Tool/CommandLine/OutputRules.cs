using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>
/// What every command refuses about the files that it is asked to write. Files are identified by what they are, not by their paths, because
/// links and other spellings lead to the same file.
/// </summary>
internal static class OutputRules
{
    /// <summary>
    /// Refuses to write over the float model, over a sample or label file, over a page that is no report, or two things to one file.
    /// </summary>
    /// <exception cref="UsageException">The paths do not go together.</exception>
    public static void ThrowUnlessSensible(string modelPath, string outputPath, DataRequest data, ReportRequest report)
    {
        if (OutputPath.IsSame(modelPath, outputPath))
        {
            throw new UsageException($"--output {outputPath} is the float model itself, which would be lost; name another file.");
        }

        ThrowIfInput("--output", outputPath, modelPath, data);
        if (report.PlanPath is { } plan)
        {
            ThrowUnlessPlan(plan, modelPath, data, outputPath, report.PagePath);
        }

        if (report.PagePath is not { } page)
        {
            return;
        }

        if (OutputPath.IsSame(page, outputPath) || OutputPath.IsSame(page, modelPath))
        {
            throw new UsageException($"--report {page} is the {(OutputPath.IsSame(page, outputPath) ? "int8" : "float")} model's file; "
                + "name another, such as report.html.");
        }

        ThrowIfInput("--report", page, modelPath, data);
        if (RegularFile.KindOf(page) == FileKind.Regular && !QuantizationReport.IsHtml(page))
        {
            throw new UsageException($"--report {page} exists and is no report of this tool; name another file, or delete this one.");
        }
    }

    /// <summary>Refuses to write a plan over an input, another output or something else.</summary>
    /// <exception cref="UsageException">The path is one of these.</exception>
    public static void ThrowUnlessPlan(string plan, string modelPath, DataRequest data, params IReadOnlyList<string?> others)
    {
        if (others.Prepend(modelPath).OfType<string>().FirstOrDefault(other => OutputPath.IsSame(plan, other)) is { } taken)
        {
            throw new UsageException($"--save-plan {plan} would write over {taken}; name another file, such as plan.json.");
        }

        ThrowIfInput("--save-plan", plan, modelPath, data);
        if (RegularFile.KindOf(plan) == FileKind.Regular && !PlanFile.IsOne(plan))
        {
            throw new UsageException($"--save-plan {plan} exists and is no plan; name another file, or delete this one.");
        }
    }

    /// <summary>Refuses to write over what is read.</summary>
    /// <exception cref="UsageException">The file is an input.</exception>
    public static void ThrowIfInput(string option, string path, string modelPath, DataRequest data)
    {
        if (!File.Exists(path))
        {
            return;
        }

        if (InputFiles.Of(modelPath, data).FirstOrDefault(input => OutputPath.IsSame(input, path)) is { } taken)
        {
            throw new UsageException(
                $"{option} {path} is {(taken == path ? "an input" : $"the input {taken}")}, which would be lost; name another file.");
        }
    }

    /// <summary>Refuses to write a calibration over something else.</summary>
    /// <exception cref="UsageException">The file holds something else.</exception>
    public static void ThrowUnlessCalibration(string path)
    {
        if (File.Exists(path) && !ModelCalibrationFile.IsOne(path))
        {
            throw new UsageException($"--state {path} exists and is no calibration file; name another file, or delete this one.");
        }
    }
}
