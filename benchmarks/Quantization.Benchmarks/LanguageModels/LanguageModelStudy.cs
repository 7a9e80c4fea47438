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
        string root = arguments is [string given] ? given
            : Path.Combine(Path.GetDirectoryName(RepositoryFiles.Root)!, "shared", "models", "stories260K");
        string model = Path.Combine(root, "model.onnx");
        IReadOnlyList<long[]> stories = StoryFigures.Read(Path.Combine(root, "evaluate"));
        SampleFolder calibration = new(Path.Combine(root, "calibrate"));
        List<float[]> reference = [];
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        string output = folder["model.onnx"];
        Console.WriteLine("| weights | perplexity | KL divergence | same token | file, bytes | made in |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        Print("float", model, TimeSpan.Zero);
        foreach ((string name, WeightOnlyOptions options) in Variants())
        {
            Stopwatch watch = Stopwatch.StartNew();
            _ = options.Method is null or WeightMethod.Nearest ? WeightQuantizer.Quantize(model, output, options)
                : WeightQuantizer.Quantize(model, calibration, output, options);
            Print(name, output, watch.Elapsed);
        }

        Stopwatch three = Stopwatch.StartNew();
        QuantizeToThreeBits(model, calibration, output);
        Print("3 bits stored in 4, GPTQ", output, three.Elapsed);
        return 0;

        void Print(string name, string path, TimeSpan time)
        {
            StoryFigures figures = StoryFigures.Of(path, stories, reference);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {figures.Perplexity:0.000} | {figures.Divergence:0.0000} | {figures.Agreement:0.000} | "
                    + $"{new FileInfo(path).Length} | {time.TotalSeconds:0.0} s |"));
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
        yield return ("8 bits, a scale a channel", new WeightOnlyOptions());
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
        yield return ("4 bits, GPTQ, symmetric", four with { Method = WeightMethod.Gptq, BlockScheme = QuantizationScheme.Symmetric });
        yield return ("4 bits, GPTQ, blocks of 64", four with { Method = WeightMethod.Gptq, BlockSize = 64 });
        yield return ("2 bits, blocks of 16", new WeightOnlyOptions { Bits = 2, BlockSize = 16 });
        yield return ("2 bits, GPTQ, blocks of 16", new WeightOnlyOptions { Bits = 2, Method = WeightMethod.Gptq, BlockSize = 16 });
    }
}
