using System.CommandLine;

namespace Quantization.Tool;

/// <summary>The options that say how a command tells what it did.</summary>
internal sealed class ReportOptions
{
    private readonly Option<string> _page = new("--report")
    {
        HelpName = "report.html",
        Description = "The HTML page to write: accuracy, size and speed, every layer and activation, and what to try next. It is a single "
            + "file that loads nothing else.",
    };

    private readonly Option<string> _plan = new("--save-plan")
    {
        HelpName = "plan.json",
        Description = "The file to write the plan to: how each weight and each activation was quantized. It can be changed by hand, and "
            + "'quantize ptq --plan' carries it out.",
    };

    private readonly Option<bool> _json =
        new("--json") { Description = "Write the facts of the report to the output as JSON, instead of text for people." };

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Show no progress." };

    private readonly Option<bool> _verbose = new("--verbose", "-v")
    {
        Description = "Show every node that stays in float and every conversion that is left, not only the most frequent reasons."
    };

    public ReportOptions(Command command)
    {
        command.Options.Add(_page);
        command.Options.Add(_plan);
        command.Options.Add(_json);
        command.Options.Add(_quiet);
        command.Options.Add(_verbose);
    }

    public ReportRequest Read(ParseResult parsed) =>
        new(parsed.GetValue(_page), parsed.GetValue(_plan), parsed.GetValue(_json), parsed.GetValue(_quiet), parsed.GetValue(_verbose))
        {
            Invocation = new Invocation(parsed),
        };
}
