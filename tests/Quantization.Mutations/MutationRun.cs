using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Quantization.Mutations;

/// <summary>Asks the tests about mutants.</summary>
/// <param name="target">What is changed.</param>
/// <param name="copy">The sources with all mutants, built.</param>
internal sealed class MutationRun(MutationTarget target, SourceCopy copy)
{
    /// <summary>How much longer a class of tests may take than without a mutant.</summary>
    private const int Slowness = 5;

    private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(30);

    /// <summary>Classes that take longer are not asked.</summary>
    private static readonly TimeSpan LongestClass = TimeSpan.FromMinutes(2);

    /// <summary>1.96 standard deviations on either side hold 95 %.</summary>
    private const double Deviations = 1.959964;

    private readonly ConcurrentDictionary<int, List<TestClass>> _reaching = new();

    /// <summary>A class of tests, the variable that is 0 while it runs, and how long it takes.</summary>
    private sealed record TestClass(string Name, string? Variable, TimeSpan Duration);

    /// <summary>Builds the mutants and finds which class of tests reaches which.</summary>
    /// <param name="target">What is changed.</param>
    /// <param name="asked">The namespaces of tests that are asked; empty for all.</param>
    public static MutationRun Prepare(MutationTarget target, string[] asked)
    {
        MutationRun run = new(target, SourceCopy.Build(target));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Total} mutants compile"));
        run.FindReaching(asked);
        return run;
    }

    private int Total => copy.Mutants.Count;

    /// <summary>Tries mutants that a seed picks; 0 where all were noticed.</summary>
    public int Sample(int count, int seed)
    {
        int[] order = [.. copy.Mutants.Select(mutant => mutant.Number)];
        new Random(seed).Shuffle(order);
        return Try(order[..Math.Min(count, order.Length)]);
    }

    /// <summary>Tries mutants; 0 where all were noticed.</summary>
    public int Try(int[] numbers)
    {
        ConcurrentBag<Mutant> survivors = [];
        int done = 0;
        Dictionary<int, Mutant> mutants = copy.Mutants.ToDictionary(mutant => mutant.Number);
        SideBySide(numbers, number =>
        {
            string? killer = FindKiller(number);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Interlocked.Increment(ref done)}] {killer ?? (_reaching.ContainsKey(number) ? "SURVIVED" : "SURVIVED, not reached")}: {mutants[number]}"));
            if (killer is null)
            {
                survivors.Add(mutants[number]);
            }
        });
        double share = (double)(numbers.Length - survivors.Count) / numbers.Length;
        (double low, double high) = Interval(share, numbers.Length);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{numbers.Length - survivors.Count} of {numbers.Length} mutants noticed: {share:P1}, 95 % interval {low:P1} to {high:P1}, of {Total}"));
        foreach (Mutant survivor in survivors.OrderBy(each => each.Number))
        {
            Console.WriteLine($"  survived {(_reaching.ContainsKey(survivor.Number) ? "" : "(not reached) ")}{survivor}");
        }

        return survivors.IsEmpty ? 0 : 1;
    }

    /// <summary>Wilson's interval of a share.</summary>
    private static (double Low, double High) Interval(double share, int count)
    {
        double square = Deviations * Deviations, middle = (share + (square / (2 * count))) / (1 + (square / count));
        double half = Deviations / (1 + (square / count)) * Math.Sqrt((share * (1 - share) / count) + (square / (4.0 * count * count)));
        return (middle - half, middle + half);
    }

    /// <summary>Runs each class of tests by itself, and again with each variable, for mutants that were not reached before.</summary>
    private void FindReaching(string[] asked)
    {
        string[] classes = [.. ChildProcess.Run(copy.TestProgram, ["-list", "classes"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith("Quantization.", StringComparison.Ordinal) && !target.Left.Any(left => IsIn(line, left)) && (asked.Length == 0 || asked.Any(each => IsIn(line, each))))];
        foreach (string? variable in target.Variables.Prepend(null))
        {
            HashSet<int> known = [.. _reaching.Keys];
            SideBySide(classes, name => FindReaching(name, variable, known));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_reaching.Count} of them are reached by {classes.Length} classes of tests"));
    }

    private void FindReaching(string name, string? variable, HashSet<int> known)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-reached-");
        Stopwatch watch = Stopwatch.StartNew();
        (int code, _) = ChildProcess.Run(copy.TestProgram, ["-class", name, "-noColor"], Environment(variable, MutantSwitch.ReachedVariable, folder.FullName), LongestClass);
        TestClass test = new(name, variable, watch.Elapsed);
        if (code != 0)
        {
            Console.WriteLine($"left out, since it {(code == ChildProcess.TimedOut ? "takes too long" : "fails")} without a mutant: {name} {variable}");
        }

        int[] reached = code != 0 ? [] : [.. folder.EnumerateFiles().SelectMany(file => File.ReadAllLines(file.FullName)).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Distinct()];
        foreach (int number in reached.Where(number => !known.Contains(number)))
        {
            List<TestClass> list = _reaching.GetOrAdd(number, _ => []);
            lock (list)
            {
                list.Add(test);
            }
        }

        folder.Delete(recursive: true);
    }

    private static bool IsIn(string test, string space) => test.Contains($".Tests.{space}.", StringComparison.Ordinal);

    private static void SideBySide<T>(IEnumerable<T> items, Action<T> work) => Parallel.ForEach(
        Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = System.Environment.ProcessorCount }, work);

    private static (string Name, string Value)[] Environment(string? variable, string name, string value) => variable is null ? [(name, value)] : [(name, value), (variable, "0")];

    /// <summary>The first class of tests that notices a mutant, the fastest ones first; null where none does.</summary>
    private string? FindKiller(int number)
    {
        foreach (TestClass test in _reaching.GetValueOrDefault(number, []).OrderBy(test => test.Duration))
        {
            TimeSpan limit = test.Duration * Slowness;
            (int code, _) = ChildProcess.Run(
                copy.TestProgram, ["-class", test.Name, "-stopOnFail", "-noColor"], Environment(test.Variable, MutantSwitch.Variable, number.ToString(CultureInfo.InvariantCulture)), limit > LeastLimit ? limit : LeastLimit);
            if (code != 0)
            {
                return $"{test.Name.Split('.')[^1]}{(code == ChildProcess.TimedOut ? " (no end)" : "")}";
            }
        }

        return null;
    }
}
