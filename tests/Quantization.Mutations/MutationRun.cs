using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Quantization.Mutations;

/// <summary>Asks the tests about mutants.</summary>
/// <param name="target">What is changed.</param>
/// <param name="copy">The sources with all mutants, built.</param>
/// <param name="patience">Classes of tests that take longer are not asked.</param>
/// <param name="time">No mutant is started after so long; the figures are of those that were tried.</param>
internal sealed partial class MutationRun(MutationTarget target, SourceCopy copy, TimeSpan patience, TimeSpan time)
{
    /// <summary>How much longer tests may take than without a mutant.</summary>
    private const int Slowness = 8;

    /// <summary>What the tests of the first process take, in seconds; those of each further one may take several times as much.</summary>
    private const double FirstGroup = 5;

    private const double Growth = 4;

    private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(60);

    /// <summary>1.96 standard deviations on either side hold 95 %.</summary>
    private const double Deviations = 1.959964;

    private readonly ConcurrentDictionary<int, List<TestPart>> _reaching = new();

    /// <summary>Builds the mutants and finds which class of tests reaches which.</summary>
    /// <param name="target">What is changed.</param>
    /// <param name="asked">The namespaces or classes of tests that are asked; empty for all.</param>
    /// <param name="patience">Classes of tests that take longer are not asked.</param>
    /// <param name="time">No mutant is started after so long.</param>
    public static MutationRun Prepare(MutationTarget target, string[] asked, TimeSpan patience, TimeSpan time)
    {
        MutationRun run = new(target, SourceCopy.Build(target), patience, time);
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
        Stopwatch watch = Stopwatch.StartNew();
        Dictionary<int, Mutant> mutants = copy.Mutants.ToDictionary(mutant => mutant.Number);
        SideBySide(numbers, number =>
        {
            if (watch.Elapsed > time)
            {
                return;
            }

            string? killer = FindKiller(mutants[number]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Interlocked.Increment(ref done)}] "
                + $"{killer ?? (_reaching.ContainsKey(number) ? "SURVIVED" : "SURVIVED, not reached")}: {mutants[number]}"));
            if (killer is null)
            {
                survivors.Add(mutants[number]);
            }
        });
        if (done == 0)
        {
            Console.WriteLine("no mutant was tried");
            return 1;
        }

        double share = (double)(done - survivors.Count) / done;
        (double low, double high) = Interval(share, done);
        string interval = string.Create(CultureInfo.InvariantCulture, $"95 % interval {low:P1} to {high:P1}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{done - survivors.Count} of {done} mutants noticed: {share:P1}, {interval}, of {Total}"));
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
        string[] classes = [.. ChildProcess.Run(copy.TestProgram, ["-list", "classes"])
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith("Quantization.", StringComparison.Ordinal)
                && !target.Left.Any(left => IsIn(line, left))
                && (asked.Length == 0 || asked.Any(each => IsIn(line, each))))
        ];
        foreach (string? variable in target.Variables.Prepend(null))
        {
            HashSet<int> known = [.. _reaching.Keys];
            SideBySide(classes, name => FindReaching(name, variable, known));
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{_reaching.Count} of them are reached by {classes.Length} classes of tests"));
    }

    private void FindReaching(string name, string? variable, HashSet<int> known)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-reached-");
        Stopwatch watch = Stopwatch.StartNew();
        string how = target.ByMethod ? MutantSwitch.MethodsVariable : MutantSwitch.Variable;
        (string, string)[] environment = Environment(variable, (MutantSwitch.ReachedVariable, folder.FullName), (how, "0"));
        (int code, _) = ChildProcess.Run(copy.TestProgram, ["-class", name, "-noColor"], environment, patience);
        TimeSpan duration = watch.Elapsed;
        if (code != 0)
        {
            Console.WriteLine(
                $"left out, since it {(code == ChildProcess.TimedOut ? "takes too long" : "fails")} without a mutant: {name} {variable}");
        }

        IEnumerable<string> lines = code != 0 ? [] : folder.EnumerateFiles().SelectMany(file => File.ReadAllLines(file.FullName));
        (string Method, int[] Numbers)[] reached = [.. lines.Select(ReadReached)];
        int methods = Math.Max(reached.Count(each => IsMethodOf(each.Method, name)), 1);
        foreach (IGrouping<int, string> each in reached.SelectMany(each => each.Numbers, (each, number) => (each.Method, Number: number))
            .ToLookup(each => each.Number, each => each.Method).Where(each => !known.Contains(each.Key)))
        {
            bool whole = each.Any(method => !IsMethodOf(method, name));
            string[] filters = whole ? [name + ".*"] : [.. each.Distinct()];
            List<TestPart> list = _reaching.GetOrAdd(each.Key, _ => []);
            lock (list)
            {
                list.Add(new TestPart(name, filters, variable, duration * (whole ? 1 : Math.Min(1, (double)filters.Length / methods))));
            }
        }

        folder.Delete(recursive: true);
    }

    private static (string Method, int[] Numbers) ReadReached(string line)
    {
        string[] parts = line.Split('\t');
        string[] numbers = parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (parts[0], [.. numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture))]);
    }

    private static bool IsMethodOf(string method, string test) => method.StartsWith(test + ".", StringComparison.Ordinal);

    private static bool IsIn(string test, string space) =>
        test.Contains($".Tests.{space}.", StringComparison.Ordinal) || test.EndsWith($".{space}", StringComparison.Ordinal);

    private static void SideBySide<T>(IEnumerable<T> items, Action<T> work) => Parallel.ForEach(
        Partitioner.Create(items, EnumerablePartitionerOptions.NoBuffering),
        new ParallelOptions { MaxDegreeOfParallelism = System.Environment.ProcessorCount },
        work);

    private static (string Name, string Value)[] Environment(string? variable, params (string Name, string Value)[] others) =>
        variable is null ? others : [.. others, (variable, "0")];

    /// <summary>
    /// The first test that notices a mutant; null where none does. Tests whose class is named like the changed file come first, then
    /// the fastest ones. The first process runs a few of them, each further one more, since most mutants do not last, and each process
    /// takes its time to start.
    /// </summary>
    private string? FindKiller(Mutant mutant)
    {
        string file = Path.GetFileNameWithoutExtension(mutant.Path);
        foreach (IGrouping<string?, TestPart> parts in _reaching.GetValueOrDefault(mutant.Number, []).GroupBy(part => part.Variable)
            .OrderBy(group => group.Key is not null))
        {
            List<TestPart> group = [];
            double most = FirstGroup;
            TestPart[] ordered = [.. parts.OrderByDescending(part => part.CommonLetters(file)).ThenBy(part => part.Duration)];
            for (int i = 0; i < ordered.Length; i++)
            {
                group.Add(ordered[i]);
                double seconds = group.Sum(part => part.Duration.TotalSeconds);
                if (i + 1 < ordered.Length && (seconds + ordered[i + 1].Duration.TotalSeconds) <= most)
                {
                    continue;
                }

                if (FindKiller(mutant, group) is { } killer)
                {
                    return killer;
                }

                group.Clear();
                most *= Growth;
            }
        }

        return null;
    }

    /// <summary>What notices a mutant in one process. Tests that do not end run a second time: the machine may have been busy.</summary>
    private string? FindKiller(Mutant mutant, List<TestPart> parts)
    {
        string[] arguments =
        [
            .. parts.SelectMany(part => part.Filters).SelectMany(filter => new[] { "-method", filter }), "-stopOnFail", "-noColor",
        ];
        TimeSpan limit = parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Duration) * Slowness;
        string number = mutant.Number.ToString(CultureInfo.InvariantCulture);
        (string, string)[] environment = Environment(parts[0].Variable, (MutantSwitch.Variable, number));
        for (int i = 0; i < 2; i++)
        {
            (int code, string output) = ChildProcess.Run(copy.TestProgram, arguments, environment, limit > LeastLimit ? limit : LeastLimit);
            if (code == 0)
            {
                return null;
            }

            if (code != ChildProcess.TimedOut)
            {
                return Failed().Match(output) is { Success: true } match
                    ? match.Groups[1].Value
                    : $"{parts[0].Class.Split('.')[^1]} (the process ended)";
            }
        }

        return $"{string.Join(", ", parts.Select(part => part.Class.Split('.')[^1]))} (no end)";
    }

    [GeneratedRegex(@"^\s*(?:\w+\.)*(\w+\.\w+)[^\n]*\[FAIL\]", RegexOptions.Multiline)]
    private static partial Regex Failed();
}
