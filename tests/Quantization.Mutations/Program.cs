using System.Globalization;
using Quantization.Mutations;

// TARGET [COUNT [SEED]] samples mutants; TARGET show NUMBER… tries some of them; TARGET list PART tells those of files whose
// names hold a word. --tests A,B asks the tests of some namespaces or classes only;
// --patience SECONDS waits that long for a class of tests, in place of two minutes; --minutes MINUTES starts no change after that long.
string[] asked = Option("--tests")?.Split(',') ?? [];
TimeSpan patience = TimeSpan.FromSeconds(double.Parse(Option("--patience") ?? "120", CultureInfo.InvariantCulture));
TimeSpan time = TimeSpan.FromMinutes(double.Parse(Option("--minutes") ?? "10000", CultureInfo.InvariantCulture));
int options = Array.FindIndex(args, arg => arg.StartsWith("--", StringComparison.Ordinal));
string[] words = options < 0 ? args : args[..options];
if (words is not [string name, ..] || MutationTarget.Find(name) is not { } target)
{
    Console.Error.WriteLine($"Name what to change: {string.Join(", ", MutationTarget.All.Select(each => each.Name))}; then how many "
        + "mutants, and the seed that picks them.");
    return 2;
}

if (words is [_, "list", string part])
{
    foreach (Mutant mutant in SourceCopy.List(target).Where(mutant => mutant.Path.Contains(part, StringComparison.Ordinal)))
    {
        Console.WriteLine(mutant);
    }

    return 0;
}

int[] numbers = [.. words.Skip(1).Where(arg => arg != "show").Select(arg => int.Parse(arg, CultureInfo.InvariantCulture))];
MutationRun run = MutationRun.Prepare(target, asked, patience, time);
return words.Contains("show") ? run.Try(numbers) : run.Sample(numbers.Length > 0 ? numbers[0] : 300, numbers.Length > 1 ? numbers[1] : 1);

string? Option(string option) => Array.IndexOf(args, option) is int index and >= 0 ? args[index + 1] : null;
