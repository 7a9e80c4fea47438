using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Quantization.Fuzz.Recipes;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Graphs;

/// <summary>
/// Lets ONNX's own checker, as Debian packages it (python3-onnx), look at what every recipe makes of random graphs, with types and shapes
/// inferred strictly. Graphs that it refuses in float are not counted.
/// </summary>
internal static class CheckCommand
{
    private const string Python = "/usr/bin/python3";
    private const string Checker = "/usr/lib/python3/dist-packages/onnx/checker.py";
    private const int Newest = 17, NewestFormat = 8, GraphsAtOnce = 25;

    private const string Script = """
        import sys, onnx
        newest, newest_format = int(sys.argv[1]), int(sys.argv[2])
        for path in sys.stdin.read().splitlines():
            model = onnx.load(path)
            opset = max(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
            if opset > newest or model.ir_version > newest_format:
                print("beyond " + path)
                continue
            try:
                onnx.checker.check_model(path, full_check=True)
                print("accepted " + path)
            except Exception as error:
                print("refused " + path + " " + " ".join(str(error).split()))
        """;

    /// <summary>Checks the models of so many graphs; the number of findings.</summary>
    public static int Run(int count, int first)
    {
        if (!File.Exists(Checker))
        {
            Console.WriteLine($"check: {Checker} is missing: apt-get install python3-onnx");
            return 1;
        }

        ConcurrentBag<string> findings = [];
        ConcurrentDictionary<string, int> outcomes = new();
        SideBySide.ForEach(Enumerable.Range(0, count).Chunk(GraphsAtOnce), Environment.ProcessorCount, Check, CancellationToken.None);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"check: {count} graphs, {findings.Count} findings"));
        foreach ((string outcome, int times) in outcomes.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {times,6} {outcome}"));
        }

        findings.Order(StringComparer.Ordinal).ToList().ForEach(finding => Console.WriteLine($"  FOUND {finding}"));
        return findings.Count;

        void Check(int[] numbers)
        {
            using TemporaryFolder folder = new();
            List<string> paths = [];
            Dictionary<string, RandomGraph> graphs = numbers.Select(number => (
                Path: folder.PathTo(string.Create(CultureInfo.InvariantCulture, $"{first + number}.onnx")),
                Graph: RandomGraph.Make(first + number)))
                .ToDictionary(each => each.Path, each => each.Graph);
            foreach ((string path, RandomGraph graph) in graphs)
            {
                File.WriteAllBytes(path, graph.Model.ToByteArray());
            }

            foreach (string[] line in Ask(graphs.Keys).Select(line => line.Split(' ', 3)))
            {
                outcomes.AddOrUpdate($"float: {line[0]}", 1, (_, before) => before + 1);
                if (line[0] != "accepted")
                {
                    continue;
                }

                (string model, RandomGraph graph) = (line[1], graphs[line[1]]);
                foreach ((FuzzedRecipe recipe, int i) in FuzzedRecipe.All.Select((recipe, i) => (recipe, i)))
                {
                    string output = folder.PathTo(
                        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(model)}-{i}.onnx"));
                    if (Write(recipe, model, graph, output))
                    {
                        paths.Add(output);
                    }
                }
            }

            foreach (string line in Ask(paths))
            {
                string[] parts = line.Split(' ', 3);
                string[] numbersOf = Path.GetFileNameWithoutExtension(parts[1]).Split('-');
                string recipe = FuzzedRecipe.All[int.Parse(numbersOf[1], CultureInfo.InvariantCulture)].Name;
                outcomes.AddOrUpdate($"{recipe}: {parts[0]}", 1, (_, before) => before + 1);
                if (parts[0] == "refused")
                {
                    findings.Add($"{recipe}, graph {numbersOf[0]}: {parts[2]}");
                }
            }
        }
    }

    private static bool Write(FuzzedRecipe recipe, string model, RandomGraph graph, string output)
    {
        try
        {
            recipe.Run(model, graph.Samples, output, null);
            return File.Exists(output);
        }
        catch (Exception e) when (FuzzedRecipe.IsDocumented(e))
        {
            return false; // the attack by graphs looks at what is refused
        }
    }

    private static string[] Ask(IEnumerable<string> paths)
    {
        ProcessStartInfo start = new(
            Python, ["-c", Script, Newest.ToString(CultureInfo.InvariantCulture), NewestFormat.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process python = Process.Start(start)!;
        Task<string> output = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.Write(string.Join('\n', paths));
        python.StandardInput.Close();
        python.WaitForExit();
        return python.ExitCode == 0
            ? output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"{Python} ended with {python.ExitCode}.");
    }
}
