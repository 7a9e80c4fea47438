using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quantization.Tool;

/// <summary>A command as the user gave it, from which the command to run next is made.</summary>
internal sealed class Invocation
{
    /// <summary>How a run is shown, which is passed on to the next one.</summary>
    private static readonly string[] ForPrograms = ["--json", "--quiet", "--verbose"];

    private readonly ParseResult _parsed;

    public Invocation(ParseResult parsed) => _parsed = parsed;

    /// <summary>The name of the command.</summary>
    public string Name => _parsed.CommandResult.Command.Name;

    /// <summary>Whether the command has an option, given or not.</summary>
    public bool Takes(string option) => Has(_parsed.CommandResult.Command, option);

    /// <summary>Whether the user gave an option.</summary>
    public bool Gave(string option) => Given().Any(result => result.Option.Name == option);

    /// <summary>The same command with further options; those that are given again replace earlier ones.</summary>
    /// <param name="more">Options and their values.</param>
    public string Again(params string[] more) => As(Name, [], more);

    /// <summary>The model that the command is about; null where it has none.</summary>
    public string? ModelPath => Arguments().FirstOrDefault();

    /// <summary>The command that compares the model with the one that was written, on the same samples.</summary>
    /// <param name="outputPath">The model that was written.</param>
    public string Compare(string outputPath)
    {
        string[] samples = ValueOf("--evaluate") is { } evaluated ? ["--data", evaluated] : Gave("--data") ? [] : ["--data", "DIR"];
        return As(CompareCommand.Name, [], samples, [outputPath]);
    }

    /// <summary>Another command on the same files, with those of the user's options that it takes.</summary>
    /// <param name="command">The command.</param>
    /// <param name="less">Options to leave out.</param>
    /// <param name="more">Options to add, with their values.</param>
    /// <param name="arguments">Arguments to add behind the user's.</param>
    public string As(string command, string[] less, string[] more, params string[] arguments)
    {
        Command target = _parsed.RootCommandResult.Command.Subcommands.Single(each => each.Name == command);
        Option[] repeatable = [.. target.Options.Where(option => option.Arity.MaximumNumberOfValues > 1)];
        HashSet<string> left =
        [
            .. ForPrograms,
            .. less,
            .. more.Where(word => word.StartsWith("--", StringComparison.Ordinal) && repeatable.All(option => option.Name != word))
        ];
        IEnumerable<string> options = Given()
            .Where(result => Has(target, result.Option.Name) && !left.Contains(result.Option.Name))
            .SelectMany(result => (string[])[result.Option.Name, .. result.Tokens.Select(token => token.Value)]);
        return string.Join(
            ' ', (string[])[ToolCommands.Name, command, .. Arguments().Concat(arguments).Concat(options).Concat(more).Select(Quote)]);
    }

    private IEnumerable<string> Arguments() =>
        _parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(result => result.Tokens).Select(token => token.Value);

    private string? ValueOf(string option) =>
        Given().FirstOrDefault(result => result.Option.Name == option)?.Tokens is [{ Value: var value }, ..] ? value : null;

    private IEnumerable<OptionResult> Given() => _parsed.CommandResult.Children.OfType<OptionResult>().Where(result => !result.Implicit);

    private static bool Has(Command command, string option) => command.Options.Any(each => each.Name == option);

    /// <summary>A word as shells read it as one.</summary>
    private static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsLetterOrDigit(letter) || "-_./:=,@+\\".Contains(letter))
            ? word
            : OperatingSystem.IsWindows() ? $"\"{word}\"" : $"'{word.Replace("'", @"'\''")}'";
}
