using System.Collections.Concurrent;

namespace Quantization.Onnx.Tests.Corpus;

/// <summary>
/// ONNX's own models of single operators in half precision: what ONNX Runtime can run still runs, and says nearly the same.
/// </summary>
public sealed class HalfCorpusTests(ITestOutputHelper output) : IDisposable
{
    private const double LeastSqnr = 40;

    private static readonly string[] Refusals = ["is quantized already", "is the oldest that can be quantized"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(HalfFormat.Float16, 500)]
    [InlineData(HalfFormat.BFloat16, 20)]
    public void Every_model_that_runs_still_runs_and_says_nearly_the_same(HalfFormat format, int leastConverted)
    {
        CorpusModel[] models = CorpusModel.All();
        ConcurrentDictionary<string, double> ratios = new();
        ConcurrentDictionary<string, string> notes = new();

        Parallel.ForEach(models, model =>
        {
            try
            {
                if (Convert(model, format) is { } ratio)
                {
                    ratios[model.Name] = ratio;
                }
            }
            catch (OnnxModelException e) when (Refusals.Any(refusal => e.Message.Contains(refusal, StringComparison.Ordinal)))
            {
                // With a message that says why; nothing was written.
            }
            catch (Exception e)
            {
                notes[model.Name] = $"{e.GetType().Name} {e.Message}";
            }
        });

        foreach ((string name, string note) in notes.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{name}: {note}");
        }

        foreach ((string name, double ratio) in ratios.Where(each => !(each.Value > LeastSqnr))
            .OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            output.WriteLine(FormattableString.Invariant($"{name}: {ratio:0.0} dB"));
        }

        string[] written = [.. ratios.Keys.Select(PathOf)];
        (int accepted, int beyond, string[] refused) = OnnxChecker.Check(written);
        output.WriteLine($"{ratios.Count} converted, onnx.checker accepts {accepted}, {beyond} are newer than it");
        refused.Should().BeEmpty();
        notes.Should().BeEmpty();
        ratios.Count.Should().BeGreaterThanOrEqualTo(leastConverted);
        ratios.Should().NotContain(each => !(each.Value > LeastSqnr));
    }

    private string PathOf(string name) => _folder.PathTo(name.Replace('/', '-') + ".onnx");

    /// <summary>The SQNR of a converted model's first output; null where the model does not run, or nothing in it was converted.</summary>
    private double? Convert(CorpusModel model, HalfFormat format)
    {
        SampleFolder? sample = model.FindSample();
        if (CorpusModel.Run(model.ModelPath, sample) is not { } expected)
        {
            return null;
        }

        HalfPrecisionOptions options = new() { Format = format, LatencyRuns = 0 };
        string path = PathOf(model.Name);
        PtqResult result = sample is null
            ? HalfPrecisionConverter.Convert(model.ModelPath, path, options)
            : HalfPrecisionConverter.Convert(model.ModelPath, sample, path, options);
        if (result.QuantizedNodes.Count == 0)
        {
            return null;
        }

        float[]? actual = CorpusModel.Run(path, sample);
        actual.Should().NotBeNull("{0} should run", model.Name);
        actual.Should().HaveSameCount(expected, model.Name);
        return Agree(expected, actual!);
    }

    private static double Agree(float[] expected, float[] actual)
    {
        int[] finite = [.. Enumerable.Range(0, expected.Length).Where(i => float.IsFinite(expected[i]))];
        Enumerable.Range(0, expected.Length).Except(finite).Should().NotContain(i => !expected[i].Equals(actual[i]));
        double ratio = Decibels.Sqnr([.. finite.Select(i => expected[i])], [.. finite.Select(i => actual[i])]);
        return double.IsNaN(ratio) && finite.All(i => expected[i] == actual[i]) ? double.PositiveInfinity : ratio;
    }
}
