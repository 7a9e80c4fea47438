using System.CommandLine;
using System.CommandLine.Parsing;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The tool from its arguments to its exit code.</summary>
internal static class ToolApplication
{
    /// <summary>Runs the tool; whatever goes wrong becomes one line on the console's error stream.</summary>
    public static int Run(string[] args, ToolConsole console, CancellationToken cancellation)
    {
        ParseResult parsed = ToolCommands.Create(console, cancellation).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (string error in Spelling.ErrorsOf(parsed))
            {
                console.WriteError(error);
            }

            console.Error.WriteLine($"Run '{CommandPath(parsed.CommandResult)} --help' to see what it takes.");
            return ExitCode.WrongUsage;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = console.Output,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // the caller's token cancels instead
            });
        }
        catch (ResumableException exception)
        {
            console.WriteError(exception.Message);
            return ExitCode.Cancelled;
        }
        catch (OperationCanceledException)
        {
            console.WriteError("cancelled; nothing was written.");
            return ExitCode.Cancelled;
        }
        catch (UsageException exception)
        {
            console.WriteError(exception.Message);
            return ExitCode.WrongUsage;
        }
#pragma warning disable CA1031 // The end of the line: a stack trace would not help the user, and the message names the cause.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            console.WriteError(MessageOf(exception) + HintOf(exception) + RunState.KeptBy(exception));
            return ExitCode.Failure;
        }
    }

    /// <summary>What to say of an exception: its advice in the words of the command line, where it carries one.</summary>
    private static string MessageOf(Exception exception) => Advice.Of(exception) is { } advice
        ? CommandLineWords.Instance.Render(advice)
        : exception is ArgumentException argument ? WithoutParameterName(argument)
        : exception is OutOfMemoryException ? "memory ran out; use a smaller model, fewer threads or a machine with more memory."
        : exception.Message;

    /// <summary>What the limits of the process have to do with an exception that no input leads to.</summary>
    private static string HintOf(Exception exception) =>
        exception is OnnxModelException or InvalidDataException or ArgumentException
            or FileNotFoundException { InnerException: null, FileName: not null } ? "" : ProcessLimits.Current.Hint;

    private static string CommandPath(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{CommandPath(parent)} {command.Command.Name}" : ToolCommands.Name;

    /// <summary>Argument exceptions end with the name of a parameter, which means nothing on a command line.</summary>
    private static string WithoutParameterName(ArgumentException exception) =>
        exception.ParamName is null
            ? exception.Message
            : exception.Message.Replace($" (Parameter '{exception.ParamName}')", "", StringComparison.Ordinal);
}
