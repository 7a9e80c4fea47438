using Quantization.Onnx.Tests.Quantizing;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.Hostile;

/// <summary>ONNX Runtime aborts the process on some quantized models whose branches capture values; none such is written. Each model runs in a child process, so that an abort is a failure.</summary>
public sealed class CapturedValueTests : IDisposable
{
    private const string SeedsVariable = "QUANTIZATION_BRANCH_SEEDS", LogVariable = "QUANTIZATION_BRANCH_LOG", DefaultSeeds = "0..5000";
    private const double LeastSqnr = 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Random_graphs_around_branches_open_and_run()
    {
        string log = _folder.PathTo("log.txt");
        ProcessStartInfo start = new(Environment.ProcessPath!, ["-method", $"*.{nameof(CapturedValueTests)}.{nameof(Many_random_graphs_around_branches_open_and_run)}", "-explicit", "only"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [SeedsVariable] = "0..120", [LogVariable] = log },
        };

        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        string[] lines = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        child.ExitCode.Should().Be(0, "the last of {0} seeds was {1}: {2} {3}", lines.Length, lines.LastOrDefault(), await output, await errors);
        lines.Should().HaveCount(120);
    }

    /// <summary>The search for models on which ONNX Runtime aborts. To run it: the test executable with <c>-explicit only -method "*Many_random_graphs*"</c>, and the seeds in the environment if the default is not wanted.</summary>
    [Fact(Explicit = true)]
    public void Many_random_graphs_around_branches_open_and_run()
    {
        int[] bounds = [.. (Environment.GetEnvironmentVariable(SeedsVariable) ?? DefaultSeeds).Split("..").Select(seed => int.Parse(seed, CultureInfo.InvariantCulture))];
        string? log = Environment.GetEnvironmentVariable(LogVariable);
        List<string> wrong = [];
        for (int seed = bounds[0]; seed < bounds[1]; seed++)
        {
            if (log is not null)
            {
                File.AppendAllText(log, string.Create(CultureInfo.InvariantCulture, $"{seed}\n"));
            }

            string? problem = Check(seed);
            if (problem is not null)
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{seed}: {problem}"));
            }
        }

        wrong.Should().BeEmpty();
    }

    private string? Check(int seed)
    {
        string model = BranchGraphs.Make(seed).Save(_folder.PathTo("model.onnx")), quantized = _folder.PathTo("quantized.onnx");
        TargetRuntime runtime = seed % 3 == 0 ? TargetRuntime.GraphCompiler : TargetRuntime.OnnxRuntimeCpu;
        PtqOptions options = new() { Runtime = runtime, LatencyRuns = 0, WeightGranularity = seed % 2 == 0 ? GranularityKind.PerChannel : GranularityKind.PerTensor };
        PtqResult result = PostTrainingQuantizer.Quantize(model, RandomTensors.Samples(4, GraphCases.ImageShape), quantized, options);
        if (seed % 5 == 0 && result.QuantizedNodes.Count > 1)
        {
            HashSet<string> inFloat = [.. result.QuantizedNodes.Where((_, i) => (i + seed) % 2 == 0)];
            result = PostTrainingQuantizer.Quantize(model, result.Calibration, quantized, options with { FloatNodes = inFloat });
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
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, session.OutputNames);
        return [.. outputs.Select(each => each.GetTensorDataAsSpan<float>().ToArray())];
    }
}
