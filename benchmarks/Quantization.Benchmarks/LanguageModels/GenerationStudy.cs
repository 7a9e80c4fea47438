using System.Globalization;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>
/// How many texts a quantized folder of ONNX Runtime GenAI continues with the same tokens as the float model, and how close the two most
/// likely tokens are where texts part. <c>docs/studies/language-models.md</c> has the table.
/// </summary>
internal static class GenerationStudy
{
    /// <summary>The prompts that the first column counts; the second one counts all stories.</summary>
    private const int Prompts = 20;

    private const int PromptTokens = 16;
    private const int NewTokens = 64;

    private static readonly double[] Gaps = [0.01, 0.05, 0.1, 0.5];

    public static int Run()
    {
        string root = Path.Combine(Path.GetDirectoryName(RepositoryFiles.Root)!, "shared", "models", "stories260K");
        string model = Path.Combine(root, "genai", "model.onnx");
        SampleFolder calibration = new(Path.Combine(root, "calibrate"));
        long[][] prompts = [.. StoryFigures.Read(Path.Combine(root, "evaluate")).Select(story => story[..PromptTokens])];
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        using GreedyWriter floats = new(model);
        long[][] written = floats.Continue(prompts, NewTokens);
        float[][][] logits = [.. prompts.Zip(written, floats.LogitsOf)];
        PrintGaps(written, logits);
        Console.WriteLine(
            $"| weights | arithmetic | equal texts of {Prompts} | of {prompts.Length} | tokens until texts part | other choices | "
            + "error of the gap | gap where texts part | error there | tokens a second, float 1 |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach ((string name, WeightOnlyOptions options) in Variants())
        {
            foreach (int level in (ReadOnlySpan<int>)[4, 1, 0])
            {
                string output = folder[$"{level}"];
                WeightOnlyOptions made = options with { AccuracyLevel = level };
                string path = Path.Combine(output, "model.onnx");
                if (options.Method is WeightMethod.Nearest)
                {
                    _ = WeightQuantizer.QuantizeFolder(Path.GetDirectoryName(model)!, output, made);
                }
                else
                {
                    _ = WeightQuantizer.Quantize(model, calibration, path, made);
                }

                double speed = TokenSpeedMeter.Measure(model, path, calibration.First())!.Ratio;
                using GreedyWriter codes = new(path);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {NameOf(level)} | {Compare(codes, prompts, written, logits)} | {speed:0.00} |"));
                Directory.Delete(output, recursive: true);
            }
        }

        return 0;
    }

    private static IEnumerable<(string Name, WeightOnlyOptions Options)> Variants()
    {
        WeightOnlyOptions four = new() { Bits = 4, Method = WeightMethod.Nearest };
        WeightOnlyOptions eight = four with { Bits = 8, BlockSize = 32 };
        yield return ("8 bits, blocks of 32", eight);
        yield return ("8 bits, blocks of 16", eight with { BlockSize = 16 });
        yield return ("8 bits, blocks of 32, GPTQ", eight with { Method = WeightMethod.Gptq });
        yield return ("4 bits", four);
        yield return ("4 bits, GPTQ", four with { Method = WeightMethod.Gptq });
    }

    private static string NameOf(int level) => level == 4 ? "int8 (level 4)" : $"32 bits (level {level})";

    /// <summary>
    /// Prints how often the float model's two most likely tokens are close, and whether it repeats itself when it reads a text at once.
    /// </summary>
    private static void PrintGaps(long[][] written, float[][][] logits)
    {
        double[] gaps = [.. logits.SelectMany(text => text).Select(row =>
        {
            (int first, int second) = GreedyWriter.TopOf(row);
            return (double)row[first] - row[second];
        })];
        int repeated = written.Zip(logits, (text, rows) =>
            text.Zip(rows, (token, row) => token == GreedyWriter.TopOf(row).First).Count(same => same)).Sum();
        string close = string.Join(", ", Gaps.Select(limit => string.Create(
            CultureInfo.InvariantCulture, $"{gaps.Count(gap => gap < limit)} within {limit}")));
        Console.WriteLine($"Of the float model's {gaps.Length} choices it repeats {repeated} when it reads the text at once.");
        Console.WriteLine($"The second token's logit lies near the first's: {close}.\n");
    }

    /// <summary>The cells of a model's row.</summary>
    private static string Compare(GreedyWriter codes, long[][] prompts, long[][] written, float[][][] logits)
    {
        long[][] others = codes.Continue(prompts, NewTokens);
        int[] common = [.. written.Zip(others, CountCommon)];
        List<double> gaps = [], errors = [];
        double squares = 0;
        int flipped = 0, choices = 0;
        for (int text = 0; text < prompts.Length; text++)
        {
            float[][] rows = codes.LogitsOf(prompts[text], written[text]);
            for (int i = 0; i < rows.Length; i++)
            {
                (int first, int second) = GreedyWriter.TopOf(logits[text][i]);
                squares += Math.Pow(ErrorOf(logits[text][i], rows[i], first, second), 2);
                flipped += GreedyWriter.TopOf(rows[i]).First == first ? 0 : 1;
                choices++;
            }

            if (common[text] is int parting and < NewTokens)
            {
                (int first, int second) = ((int)written[text][parting], (int)others[text][parting]);
                gaps.Add(logits[text][parting][first] - logits[text][parting][second]);
                errors.Add(Math.Abs(ErrorOf(logits[text][parting], rows[parting], first, second)));
            }
        }

        string parted = gaps.Count == 0 ? " | " : string.Create(
            CultureInfo.InvariantCulture, $"{Median(gaps):0.000}, at most {gaps.Max():0.000} | {Median(errors):0.000}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{common.Take(Prompts).Count(IsWhole)} | {common.Count(IsWhole)} | {common.Average():0.0} | "
                + $"{(double)flipped / choices:0.0000} | {Math.Sqrt(squares / choices):0.000} | {parted}");
    }

    /// <summary>By how much quantization changes the difference of two tokens' logits.</summary>
    private static double ErrorOf(float[] expected, float[] actual, int first, int second) =>
        (double)expected[first] - expected[second] - ((double)actual[first] - actual[second]);

    private static int CountCommon(long[] text, long[] other) => text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();

    private static bool IsWhole(int common) => common == NewTokens;

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
