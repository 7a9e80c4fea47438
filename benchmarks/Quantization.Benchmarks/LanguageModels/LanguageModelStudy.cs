using System.Diagnostics;
using System.Globalization;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>What bits and methods make of a small language model. <c>docs/language-models.md</c> has the table.</summary>
internal static class LanguageModelStudy
{
    public static int Run(string[] arguments)
    {
        string root = arguments is [string given, ..] ? given : Path.Combine(Path.GetDirectoryName(RepositoryFiles.Root)!, "shared", "models", "stories260K");
        string model = Path.Combine(root, "model.onnx");
        IReadOnlyList<long[]> stories = StoryFigures.Read(Path.Combine(root, "evaluate"));
        SampleFolder calibration = new(Path.Combine(root, "calibrate"));
        List<float[]> reference = [];
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        string output = folder["model.onnx"];
        Console.WriteLine("| weights | perplexity | KL divergence | same token | file, bytes | made in |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        Print("float", model, TimeSpan.Zero);
        foreach ((string name, WeightOnlyOptions options) in Variants().Where(variant => arguments.Length < 2 || variant.Name == arguments[1]))
        {
            Stopwatch watch = Stopwatch.StartNew();
            _ = options.Method is null or WeightMethod.Nearest ? WeightQuantizer.Quantize(model, output, options) : WeightQuantizer.Quantize(model, calibration, output, options);
            Print(name, output, watch.Elapsed);
        }

        return 0;

        void Print(string name, string path, TimeSpan time)
        {
            StoryFigures figures = StoryFigures.Of(path, stories, reference);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {figures.Perplexity:0.000} | {figures.Divergence:0.0000} | {figures.Agreement:0.000} | {new FileInfo(path).Length} | {time.TotalSeconds:0.0} s |"));
        }
    }

    private static IEnumerable<(string Name, WeightOnlyOptions Options)> Variants()
    {
        yield return ("8 bits a channel", new WeightOnlyOptions());
        yield return ("8 bits, blocks of 32", new WeightOnlyOptions { Bits = 8, BlockSize = 32 });
        yield return ("4 bits, min and max", new WeightOnlyOptions { Bits = 4, WeightCalibrator = new MaxCalibrator() });
        yield return ("4 bits", new WeightOnlyOptions { Bits = 4 });
        yield return ("4 bits, level 0", new WeightOnlyOptions { Bits = 4, AccuracyLevel = 0 });
        yield return ("4 bits, symmetric", new WeightOnlyOptions { Bits = 4, BlockScheme = QuantizationScheme.Symmetric });
        yield return ("4 bits, symmetric, min and max", new WeightOnlyOptions { Bits = 4, BlockScheme = QuantizationScheme.Symmetric, WeightCalibrator = new MaxCalibrator() });
        yield return ("4 bits, weighted", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Weighted });
        yield return ("4 bits, GPTQ, tf", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Gptq, FloatNodes = new HashSet<string> { Environment.GetEnvironmentVariable("TF") ?? "Gather_6" } });
        yield return ("4 bits, tf", new WeightOnlyOptions { Bits = 4, FloatNodes = new HashSet<string> { Environment.GetEnvironmentVariable("TF") ?? "Gather_6" } });
        yield return ("4 bits, weighted, tf", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Weighted, FloatNodes = new HashSet<string> { Environment.GetEnvironmentVariable("TF") ?? "Gather_6" } });
        yield return ("4 bits, GPTQ", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Gptq });
        yield return ("4 bits, GPTQ, min and max", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Gptq, WeightCalibrator = new MaxCalibrator() });
        yield return ("4 bits, GPTQ, symmetric", new WeightOnlyOptions { Bits = 4, Method = WeightMethod.Gptq, BlockScheme = QuantizationScheme.Symmetric });
        yield return ("2 bits, GPTQ", new WeightOnlyOptions { Bits = 2, Method = WeightMethod.Gptq });
        yield return ("4 bits, blocks of 128", new WeightOnlyOptions { Bits = 4, BlockSize = 128 });
        yield return ("2 bits", new WeightOnlyOptions { Bits = 2 });
    }
}
