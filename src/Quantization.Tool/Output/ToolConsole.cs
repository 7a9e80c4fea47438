using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary>
/// Where the tool speaks: results go to the output, progress and errors to the error stream; colours and moving bars only to terminals.
/// </summary>
internal sealed class ToolConsole
{
    /// <summary>How wide tables may be where no terminal says.</summary>
    private const int FileWidth = 140;

    public ToolConsole(TextWriter output, TextWriter error, bool isOutputTerminal = false, bool isErrorTerminal = false)
    {
        Output = output;
        Error = error;
        Screen = CreateScreen(output, isOutputTerminal);
        ProgressScreen = isErrorTerminal ? CreateScreen(error, isErrorTerminal) : null;
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>Renders tables to the output.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>Renders moving progress bars to the error stream; null where that is no terminal.</summary>
    public IAnsiConsole? ProgressScreen { get; }

    /// <summary>The console of the process.</summary>
    public static ToolConsole Attach() => new(
        new StandardStream(Console.Out, isSilent: false),
        new StandardStream(Console.Error, isSilent: true),
        !Console.IsOutputRedirected,
        !Console.IsErrorRedirected);

    /// <summary>Writes one line to the output. What would steer a terminal is shown as escapes.</summary>
    public void WriteLine(string line) => Output.WriteLine(VisibleText.Of(TemporaryNames.Restore(line)));

    /// <summary>Writes one line that begins with 'error:' to the error stream. What would steer a terminal is shown as escapes.</summary>
    public void WriteError(string message) =>
        Error.WriteLine($"error: {VisibleText.Of(TemporaryNames.Restore(message).ReplaceLineEndings(" "))}");

    /// <summary>A text as a cell of a table.</summary>
    public static string Cell(string text) => VisibleText.Of(text).EscapeMarkup();

    private static IAnsiConsole CreateScreen(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            screen.Profile.Width = FileWidth;
        }

        return screen;
    }
}
