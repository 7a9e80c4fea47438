using System.Collections.Concurrent;

namespace Quantization.Onnx.Tests.Corpus;

/// <summary>
/// ONNX's own 1,072 models of single operators and small networks: what ONNX Runtime can run still runs after quantization, or is left as
/// it was.
/// </summary>
public sealed class CorpusTests(ITestOutputHelper output) : IDisposable
{
    private const double LeastSqnr = 20;

    private readonly TemporaryFolder _folder = new();

    private enum Fate
    {
        /// <summary>ONNX Runtime cannot run the model as it is.</summary>
        NotRunnable,

        /// <summary>Quantized: it runs, and says nearly the same.</summary>
        Quantized,

        /// <summary>The output is the model byte for byte, because nothing in it gains from int8.</summary>
        Unchanged,

        /// <summary>Refused with a message that names the model; nothing was written.</summary>
        Refused,
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TargetRuntime.OnnxRuntimeCpu, 30)]
    [InlineData(TargetRuntime.OpenVino, 34)]
    public void Every_model_that_runs_still_runs_or_is_left_as_it_was(TargetRuntime runtime, int leastQuantized) =>
        Try(
            leastQuantized,
            (path, samples, output) => PostTrainingQuantizer.Quantize(path, samples, output, new PtqOptions { Runtime = runtime }));

    [Fact]
    public void Every_model_that_runs_still_runs_with_ranges_found_at_run_time() =>
        Try(1, (path, _, output) => DynamicQuantizer.Quantize(path, output));

    [Fact]
    public void Every_model_that_runs_still_runs_with_int8_weights() => Try(1, (path, _, output) => WeightQuantizer.Quantize(path, output));

    private void Try(int leastQuantized, Func<string, ISampleSource, string, PtqResult> quantize)
    {
        CorpusModel[] models = CorpusModel.All();
        models.Should().HaveCountGreaterThan(1000);
        ConcurrentDictionary<string, (Fate Fate, string Note)> fates = new();

        Parallel.ForEach(models, model => fates[model.Name] = Quantize(model, OutputOf(model), quantize));

        foreach (IGrouping<Fate, KeyValuePair<string, (Fate Fate, string Note)>> group in fates.GroupBy(each => each.Value.Fate)
            .OrderBy(group => group.Key))
        {
            output.WriteLine($"{group.Key}: {group.Count()} of {models.Length}");
        }

        foreach ((string name, (Fate fate, string note)) in fates.Where(each => each.Value.Note.Length > 0)
            .OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{fate} {name}: {note}");
        }

        string[] written = [.. models.Where(model => fates[model.Name].Fate == Fate.Quantized).Select(OutputOf)];
        (int accepted, int beyond, string[] refused) = OnnxChecker.Check(written);
        output.WriteLine($"onnx.checker accepts {accepted} of {written.Length}, {beyond} are newer than it");
        refused.Should().BeEmpty();
        written.Length.Should().BeGreaterThanOrEqualTo(leastQuantized);
        fates.Values.Should()
            .NotContain(each => each.Fate == Fate.Refused && !each.Note.Contains("is quantized already", StringComparison.Ordinal));
    }

    private string OutputOf(CorpusModel model) => _folder.PathTo(model.Name.Replace('/', '-') + ".onnx");

    private static (Fate Fate, string Note) Quantize(
        CorpusModel model, string path, Func<string, ISampleSource, string, PtqResult> quantize)
    {
        SampleFolder? sample = model.FindSample();
        if (CorpusModel.Run(model.ModelPath, sample) is not { } expected)
        {
            return (Fate.NotRunnable, "");
        }

        try
        {
            ISampleSource samples = sample is null ? new SampleList([]) : sample;
            PtqResult result = quantize(model.ModelPath, samples, path);
            if (result.QuantizedNodes.Count == 0)
            {
                File.ReadAllBytes(path).Should().Equal(File.ReadAllBytes(model.ModelPath), model.Name);
                return (Fate.Unchanged, string.Join(", ", result.FloatNodes));
            }

            float[] actual = CorpusModel.Run(path, sample)!;
            actual.Should().NotBeNull($"{model.Name} should run after quantization").And.HaveSameCount(expected, model.Name);
            double sqnr = Decibels.Sqnr(expected, actual);
            sqnr.Should().BeGreaterThan(LeastSqnr, model.Name);
            return (Fate.Quantized, FormattableString.Invariant($"{sqnr:0.0} dB, {string.Join(", ", result.Int8Operators)}"));
        }
        catch (OnnxModelException e)
        {
            e.Message.Should().StartWith(model.ModelPath);
            File.Exists(path).Should().BeFalse();
            return (Fate.Refused, e.Message[model.ModelPath.Length..]);
        }
    }
}
