using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>
/// What a run leaves: the model and, where wanted, the page about it and its plan, which appear together or not at all; then text or JSON.
/// </summary>
internal sealed class RunOutput : IDisposable
{
    private readonly ToolConsole _console;
    private readonly ReportRequest _report;
    private readonly OutputFile? _page;

    private readonly OutputFile? _plan;

    private RunOutput(ToolConsole console, ReportRequest report, OutputFile model, OutputFile? page, OutputFile? plan)
    {
        _plan = plan;
        _console = console;
        _report = report;
        _page = page;
        Model = model;
        Progress = report.IsQuiet ? new ToolConsole(console.Output, TextWriter.Null) : console;
    }

    /// <summary>The model to write.</summary>
    public OutputFile Model { get; }

    /// <summary>Where progress is shown.</summary>
    public ToolConsole Progress { get; }

    /// <summary>Finds out whether the files can be written, before any work is done for nothing.</summary>
    /// <exception cref="IOException">One cannot.</exception>
    public static RunOutput Open(ToolConsole console, string modelPath, ReportRequest report)
    {
        List<OutputFile> opened = [];
        try
        {
            return new RunOutput(console, report, Open(modelPath)!, Open(report.PagePath), Open(report.PlanPath));
        }
        catch
        {
            opened.ForEach(file => file.Dispose());
            throw;
        }

        OutputFile? Open(string? path)
        {
            OutputFile? file = path is null ? null : OutputFile.Open(path);
            if (file is not null)
            {
                opened.Add(file);
            }

            return file;
        }
    }

    /// <summary>Puts the files in their places and tells what was done.</summary>
    /// <param name="report">All facts.</param>
    /// <param name="plan">What was done, as data.</param>
    /// <param name="writeSummary">Tells them to people; not called where JSON is wanted.</param>
    /// <param name="cancellation">The last moment to leave nothing behind.</param>
    /// <param name="json">The facts as JSON; null for those of the report.</param>
    public void Finish(
        QuantizationReport report, QuantizationPlan plan, Action<ToolConsole> writeSummary, CancellationToken cancellation,
        string? json = null)
    {
        report = report with { NextCommand = _report.Invocation is { } run ? NextCommand.Of(report, run, Model.Path) : null };
        _page?.Write(path =>
        {
            report.SaveHtml(path, CommandLineWords.Instance.Render);
            return path;
        });
        _plan?.Write(path =>
        {
            plan.Save(path);
            return path;
        });
        cancellation.ThrowIfCancellationRequested();
        Model.Commit();
        _page?.Commit();
        _plan?.Commit();
        if (_report.IsJson)
        {
            _console.Output.WriteLine(json ?? report.ToJson(CommandLineWords.Instance.Render));
            return;
        }

        writeSummary(_console);
        if (_page is not null)
        {
            _console.WriteLine($"Wrote {_page.Path}");
        }

        if (_plan is not null)
        {
            _console.WriteLine($"Wrote {_plan.Path}");
        }

        _console.WriteLine($"Verdict: {VerdictWords.Of(report)}");
        if (report.NextCommand is { } next)
        {
            _console.WriteLine($"Next: {next}");
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        _page?.Dispose();
        _plan?.Dispose();
    }
}
