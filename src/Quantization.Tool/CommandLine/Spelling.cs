using System.CommandLine;
using System.CommandLine.Parsing;

namespace Quantization.Tool;

/// <summary>Guesses what a misspelled command, option or value was meant to be.</summary>
internal static class Spelling
{
    /// <summary>A word of at least so many letters may be the beginning of a longer one.</summary>
    private const int ShortestPrefix = 4;

    /// <summary>
    /// The words that ask for the most likely candidate, such as <c>; did you mean 'ptq'?</c>; a full stop where none is likely.
    /// </summary>
    public static string Suggest(string word, IEnumerable<string> candidates) =>
        Closest(word, candidates) is { } meant ? $"; did you mean '{meant}'?" : ".";

    /// <summary>The candidate that a word was probably meant to be; null where none is near.</summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        int most = Math.Max(1, word.Trim('-').Length / 3);
        (string Candidate, int Distance)[] near = [.. candidates.Select(each => (each, DistanceBetween(word, each)))
            .Where(each => each.Item2 <= most
                || (word.Trim('-').Length >= ShortestPrefix && each.each.StartsWith(word, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(each => each.Item2).ThenBy(each => each.each, StringComparer.Ordinal)];
        return near.Length == 0 ? null : near[0].Candidate;
    }

    /// <summary>The errors of parsed arguments in words that name the option and what was probably meant.</summary>
    public static IEnumerable<string> ErrorsOf(ParseResult parsed)
    {
        string[] unmatched = [.. parsed.UnmatchedTokens];
        Command command = parsed.CommandResult.Command;
        foreach (ParseError error in parsed.Errors)
        {
            int index = Array.FindIndex(unmatched, token => error.Message.EndsWith($" '{token}'.", StringComparison.Ordinal));
            if (index < 0)
            {
                yield return error.Message;
                continue;
            }

            string word = unmatched[index];
            bool isOption = word.StartsWith('-');
            if (index > 0 && ((!isOption && unmatched[index - 1].StartsWith('-')) || command is RootCommand))
            {
                continue; // the value of an option, or the arguments of a command, that is not known
            }

            string name = command is RootCommand ? ToolCommands.Name : $"{ToolCommands.Name} {command.Name}";
            yield return isOption ? $"{name} has no option "
                + $"'{word}'{Suggest(word, command.Options.Where(option => !option.Hidden).Select(option => option.Name))}"
                : command is RootCommand ? $"there is no command '{word}'{Suggest(word, command.Subcommands.Select(each => each.Name))}"
                : $"{name} does not take '{word}'; quote names with spaces, and give options their values.";
        }
    }

    /// <summary>Lets an option take certain words alone; another one is refused with the option's name and the likely word.</summary>
    public static void AcceptOneOf<T>(this Option<T> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            foreach (string word in result.Tokens.Select(token => token.Value).Where(word => word.Length > 0 && !words.Contains(word)))
            {
                result.AddError($"{option.Name} '{word}' is none of {string.Join(", ", words)}{Suggest(word, words)}");
            }
        });
    }

    /// <summary>How many letters have to be changed, added, left out or exchanged with the next one (Damerau and Levenshtein).</summary>
    private static int DistanceBetween(string one, string other)
    {
        int[,] cost = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                cost[i, j] = i == 0 || j == 0 ? i + j
                    : Math.Min(
                        Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (AreSame(one[i - 1], other[j - 1]) ? 0 : 1));
                if (i > 1 && j > 1 && AreSame(one[i - 1], other[j - 2]) && AreSame(one[i - 2], other[j - 1]))
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[one.Length, other.Length];
    }

    private static bool AreSame(char one, char other) => char.ToLowerInvariant(one) == char.ToLowerInvariant(other);
}
