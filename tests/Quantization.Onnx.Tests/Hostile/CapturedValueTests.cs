using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>
/// ONNX Runtime aborts the process on some quantized models whose branches capture values; no such model is written. The models run in a
/// child process, which is this test again, so that an abort is a failure. To search on, name other seeds in the environment:
/// <c>QUANTIZATION_BRANCH_SEEDS=120..5000</c>.
/// </summary>
public sealed class CapturedValueTests : IDisposable
{
    private const string SeedsVariable = "QUANTIZATION_BRANCH_SEEDS", LogVariable = "QUANTIZATION_BRANCH_LOG", DefaultSeeds = "0..120";
    private const double LeastSqnr = 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Random_graphs_around_branches_open_and_run()
    {
        (int first, int end) = Seeds();
        if (Environment.GetEnvironmentVariable(LogVariable) is { } ownLog)
        {
            CheckAll(first, end, ownLog);
            return;
        }

        string log = _folder.PathTo("log.txt");
        ProcessStartInfo start = new(
            Environment.ProcessPath!, ["-method", $"*.{nameof(CapturedValueTests)}.{nameof(Random_graphs_around_branches_open_and_run)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [LogVariable] = log },
        };

        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        string[] lines = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        child.ExitCode.Should()
            .Be(0, "the last of {0} seeds was {1}: {2} {3}", lines.Length, lines.LastOrDefault(), await output, await errors);
        lines.Should().HaveCount(end - first);
    }

    private static (int First, int End) Seeds()
    {
        int[] bounds = [.. (Environment.GetEnvironmentVariable(SeedsVariable) ?? DefaultSeeds)
            .Split("..").Select(seed => int.Parse(seed, CultureInfo.InvariantCulture))];
        return (bounds[0], bounds[1]);
    }

    /// <summary>Quantizes and runs the models of some seeds; the log tells which was the last.</summary>
    private void CheckAll(int first, int end, string log)
    {
        List<string> wrong = [];
        for (int seed = first; seed < end; seed++)
        {
            File.AppendAllText(log, string.Create(CultureInfo.InvariantCulture, $"{seed}\n"));
            foreach (bool hasWeights in seed % 2 == 0 ? (bool[])[false, true] : [false])
            {
                if (Check(seed, hasWeights) is { } problem)
                {
                    wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{seed}{(hasWeights ? " with weights" : "")}: {problem}"));
                }
            }
        }

        wrong.Should().BeEmpty();
    }

    private string? Check(int seed, bool hasWeights)
    {
        ModelBuilder made = hasWeights ? BranchGraphs.MakeWithWeights(seed / 2) : BranchGraphs.Make(seed);
        string model = made.Save(_folder.PathTo("model.onnx")), quantized = _folder.PathTo("quantized.onnx");
        TargetRuntime runtime = seed % 3 == 0 ? TargetRuntime.OpenVino : TargetRuntime.OnnxRuntimeCpu;
        PtqOptions options = new()
        {
            Runtime = runtime,
            LatencyRuns = 0,
            WeightGranularity = seed % 2 == 0 ? GranularityKind.PerChannel : GranularityKind.PerTensor
        };
        PtqResult result = PostTrainingQuantizer.Quantize(model, RandomTensors.Samples(4, GraphCases.ImageShape), quantized, options);
        if (seed % 5 == 0 && result.QuantizedNodes.Count > 1)
        {
            HashSet<string> inFloat = [.. result.QuantizedNodes.Where((_, i) => (i + seed) % 2 == 0)];
            result = PostTrainingQuantizer.Quantize(model, result.Calibration, quantized, options with { FloatNodes = inFloat });
        }

        string[] layers = [.. made.Graph.AllGraphs().Skip(1).SelectMany(graph => graph.Node).Select(node => node.Name)
            .Where(name => name.StartsWith("layer", StringComparison.Ordinal))];
        if (layers.FirstOrDefault(layer => !result.QuantizedNodes.Concat(result.FloatNodes.Keys)
            .Any(node => node.EndsWith($"/{layer}", StringComparison.Ordinal))) is { } untold)
        {
            return $"{untold} of a body is not told of";
        }

        float[][] expected = Run(model), actual = Run(quantized);
        double worst = expected.Zip(actual, Decibels.Sqnr).Min();
        return worst < LeastSqnr ? string.Create(CultureInfo.InvariantCulture, $"{worst:0.0} dB") : null;
    }

    private static float[][] Run(string path)
    {
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = 1 };
        using InferenceSession session = new(path, options);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, 3 * 64), GraphCases.ImageShape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, new Dictionary<string, OrtValue> { ["x"] = input }, session.OutputNames);
        return [.. outputs.Select(each => each.GetTensorDataAsSpan<float>().ToArray())];
    }
}
