using System.Diagnostics;
using System.Globalization;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>What bits and methods make of a small language model. <c>docs/studies/language-models.md</c> has the table.</summary>
internal static class LanguageModelStudy
{
    /// <summary>What <c>docs/studies/language-models.md</c> shows.</summary>
    private const string PicturePath = "docs/images/language-models.svg";

    private static readonly double[] Means = [2, 2.5, 3, 3.5, 4, 5, 6, 8];

    public static int Run(string[] arguments)
    {
        string root = arguments is [string given] ? given
            : Path.Combine(Path.GetDirectoryName(RepositoryFiles.Root)!, "shared", "models", "stories260K");
        string model = Path.Combine(root, "model.onnx"), cached = Path.Combine(root, "genai", "model.onnx");
        IReadOnlyList<long[]> stories = StoryFigures.Read(Path.Combine(root, "evaluate"));
        SampleFolder calibration = new(Path.Combine(root, "calibrate"));
        List<float[]> reference = [];
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        string output = folder["model.onnx"];
        Console.WriteLine(
            "| weights | perplexity | KL divergence | same token | file, bytes | tokens written a second, float 1 | made in |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
        _ = Print("float", model, "1", TimeSpan.Zero);
        foreach ((string name, WeightOnlyOptions options) in Variants())
        {
            TimeSpan time = Make(options);
            _ = Print(name, output, SpeedOf(options), time);
        }

        Stopwatch three = Stopwatch.StartNew();
        QuantizeToThreeBits(model, calibration, output);
        _ = Print("3 bits stored in 4, GPTQ", output, "", three.Elapsed);
        List<(string, (double, double)[])> lines = [];
        foreach (WeightMethod method in (WeightMethod[])[WeightMethod.Nearest, WeightMethod.Gptq, WeightMethod.AwqGptq])
        {
            List<(double, double)> points = [];
            foreach (double mean in Means)
            {
                TimeSpan time = Make(new WeightOnlyOptions { BitsPerWeight = mean, Method = method });
                string name = string.Create(CultureInfo.InvariantCulture, $"{mean} bits on average, {method}");
                points.Add((mean, -10 * Math.Log10(Print(name, output, "", time).Divergence)));
            }

            lines.Add((method == WeightMethod.AwqGptq ? "AWQ + GPTQ" : method == WeightMethod.Gptq ? "GPTQ" : "nearest", [.. points]));
        }

        File.WriteAllText(
            Path.Combine(RepositoryFiles.Root, PicturePath),
            LineChart.Draw(
                "Mixed bits: how near a language model stays", "bits a weight, on average", "−10 · log₁₀ of the KL divergence, dB", lines));
        return 0;

        TimeSpan Make(WeightOnlyOptions options)
        {
            Stopwatch watch = Stopwatch.StartNew();
            _ = options.Method is null or WeightMethod.Nearest ? WeightQuantizer.Quantize(model, output, options)
                : WeightQuantizer.Quantize(model, calibration, output, options);
            return watch.Elapsed;
        }

        // The method changes no operator, so the model with a cache does without samples here.
        string SpeedOf(WeightOnlyOptions options)
        {
            string quantized = WeightQuantizer.Quantize(cached, folder["cached.onnx"], options with { Method = null }).OutputPath;
            return TokenSpeedMeter.Measure(cached, quantized, calibration.First())!.Ratio.ToString("F2", CultureInfo.InvariantCulture);
        }

        StoryFigures Print(string name, string path, string speed, TimeSpan time)
        {
            StoryFigures figures = StoryFigures.Of(path, stories, reference);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {figures.Perplexity:0.000} | {figures.Divergence:0.0000} | {figures.Agreement:0.000} | "
                    + $"{new FileInfo(path).Length} | {speed} | {time.TotalSeconds:0.0} s |"));
            return figures;
        }
    }

    /// <summary>Eight of sixteen codes, which plans can ask for and options cannot.</summary>
    private static void QuantizeToThreeBits(string model, ISampleSource calibration, string output)
    {
        TensorEncoding weights = new(
            new CodeFormat(CodeType.UInt4, 0, 7), QuantizationScheme.Affine, GranularityKind.PerBlock, new OwnRange(new MseCalibrator()))
        {
            Blocks = new BlockLayout(32),
            Method = WeightMethod.Gptq,
        };
        BlockWeightsRecipe recipe = new() { Weights = weights, TableFormat = CodeFormat.UInt8 };
        new RecipeRunner(new PtqOptions(), null, CancellationToken.None) { RoundingSamples = calibration }
            .Run(model, recipe, _ => throw new InvalidOperationException("nothing is observed"), () => null, output);
    }

    private static IEnumerable<(string Name, WeightOnlyOptions Options)> Variants()
    {
        WeightOnlyOptions four = new() { Bits = 4 };
        yield return ("8 bits, a scale per channel", new WeightOnlyOptions());
        yield return ("8 bits, blocks of 32", new WeightOnlyOptions { Bits = 8, BlockSize = 32 });
        yield return ("4 bits, ranges that hold all weights", four with { WeightCalibrator = new MaxCalibrator() });
        yield return ("4 bits", four);
        yield return ("4 bits, symmetric", four with { BlockScheme = QuantizationScheme.Symmetric });
        yield return ("4 bits, blocks of 64", four with { BlockSize = 64 });
        yield return ("4 bits, tables too", four with { TableBits = 4 });
        yield return ("4 bits, as DequantizeLinear", four with { Form = BlockForm.DequantizeLinear });
        yield return ("4 bits, weighted", four with { Method = WeightMethod.Weighted });
        yield return ("4 bits, AWQ", four with { Method = WeightMethod.Awq });
        yield return ("4 bits, GPTQ", four with { Method = WeightMethod.Gptq });
        yield return ("4 bits, AWQ and GPTQ", four with { Method = WeightMethod.AwqGptq });
        yield return ("4 bits, GPTQ, symmetric", four with { Method = WeightMethod.Gptq, BlockScheme = QuantizationScheme.Symmetric });
        yield return ("4 bits, GPTQ, blocks of 64", four with { Method = WeightMethod.Gptq, BlockSize = 64 });
        yield return ("2 bits, blocks of 16", new WeightOnlyOptions { Bits = 2, BlockSize = 16 });
        yield return (
            "2 bits, AWQ and GPTQ, blocks of 16", new WeightOnlyOptions { Bits = 2, Method = WeightMethod.AwqGptq, BlockSize = 16 });
        yield return ("2 bits, GPTQ, blocks of 16", new WeightOnlyOptions { Bits = 2, Method = WeightMethod.Gptq, BlockSize = 16 });
    }
}
