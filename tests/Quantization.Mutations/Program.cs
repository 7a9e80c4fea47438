using System.Globalization;
using Quantization.Mutations;

// TARGET [COUNT [SEED]] samples mutants; TARGET show NUMBER… tries some of them. --tests A,B asks the tests of some namespaces only.
int option = Array.IndexOf(args, "--tests");
string[] asked = option < 0 ? [] : args[option + 1].Split(',');
args = option < 0 ? args : args[..option];
if (args is not [string name, ..] || MutationTarget.Find(name) is not { } target)
{
    Console.Error.WriteLine($"Name what to change: {string.Join(", ", MutationTarget.All.Select(each => each.Name))}; then how many mutants, and the seed that picks them.");
    return 2;
}

int[] numbers = [.. args.Skip(1).Where(arg => arg != "show").Select(arg => int.Parse(arg, CultureInfo.InvariantCulture))];
MutationRun run = MutationRun.Prepare(target, asked);
return args.Contains("show") ? run.Try(numbers) : run.Sample(numbers.Length > 0 ? numbers[0] : 300, numbers.Length > 1 ? numbers[1] : 1);
