using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>What a run leaves: the model and, where wanted, the page about it, which appear together or not at all; then text or JSON.</summary>
internal sealed class RunOutput : IDisposable
{
    private readonly ToolConsole _console;
    private readonly ReportRequest _report;
    private readonly OutputFile? _page;

    private RunOutput(ToolConsole console, ReportRequest report, OutputFile model, OutputFile? page)
    {
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
        OutputFile model = OutputFile.Open(modelPath);
        try
        {
            return new RunOutput(console, report, model, report.PagePath is null ? null : OutputFile.Open(report.PagePath));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Puts the files in their places and tells what was done.</summary>
    /// <param name="report">All facts.</param>
    /// <param name="writeSummary">Tells them to people; not called where JSON is wanted.</param>
    /// <param name="cancellation">The last moment to leave nothing behind.</param>
    public void Finish(QuantizationReport report, Action<ToolConsole> writeSummary, CancellationToken cancellation)
    {
        _page?.Write(path =>
        {
            report.SaveHtml(path, CommandLineWords.Instance.Render);
            return path;
        });
        cancellation.ThrowIfCancellationRequested();
        Model.Commit();
        _page?.Commit();
        if (_report.IsJson)
        {
            _console.Output.WriteLine(report.ToJson(CommandLineWords.Instance.Render));
            return;
        }

        writeSummary(_console);
        if (_page is not null)
        {
            _console.WriteLine($"Wrote {_page.Path}");
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        _page?.Dispose();
    }
}
