using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.LargeModels;
using Quantization.Benchmarks.Report;
using Quantization.Onnx;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>How long a product with weights in blocks takes beside the float one, for one token and for many, on one thread.</summary>
internal static class ProductLatency
{
    private const int Width = 2048;

    private static readonly int[] Tokens = [1, 8, 128];

    public static int Run()
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        ChainModel chain = new(1, Width);
        string model = folder["model.onnx"];
        chain.SaveInline(model);
        Console.WriteLine($"| weights, {Width} × {Width} | bytes | {string.Join(" | ", Tokens.Select(tokens => $"{tokens} tokens"))} |");
        Console.WriteLine("|---|---:|" + string.Concat(Tokens.Select(_ => "---:|")));
        List<(string Name, string Path)> variants = [("float", model)];
        foreach ((string name, WeightOnlyOptions options) in Variants())
        {
            string path = folder[$"{variants.Count}.onnx"];
            WeightQuantizer.Quantize(model, path, options);
            variants.Add((name, path));
        }

        using SessionOptions single = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        InferenceSession[] sessions = [.. variants.Select(variant => new InferenceSession(variant.Path, single))];
        double[][] seconds = [.. Tokens.Select(tokens => Measure(sessions, tokens))];
        for (int i = 0; i < variants.Count; i++)
        {
            string shares = string.Join(
                " | ", seconds.Select(times => (times[i] / times[0]).ToString("0.00", CultureInfo.InvariantCulture)));
            Console.WriteLine($"| {variants[i].Name} | {new FileInfo(variants[i].Path).Length} | {shares} |");
            sessions[i].Dispose();
        }

        Console.WriteLine("float, microseconds: "
            + string.Join(", ", seconds.Select(times => (times[0] * 1e6).ToString("0", CultureInfo.InvariantCulture))));
        return 0;
    }

    private static double[] Measure(InferenceSession[] sessions, int tokens)
    {
        Random random = new(1);
        float[] x = [.. Enumerable.Range(0, tokens * Width).Select(_ => random.NextSingle() - 0.5f)];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [tokens, Width]);
        using RunOptions run = new();
        return Contest.Measure([.. sessions.Select(session => (Action)(() => session.Run(run, ["x"], [input], ["y"]).Dispose()))]);
    }

    private static IEnumerable<(string Name, WeightOnlyOptions Options)> Variants()
    {
        yield return ("8 bits, a scale per channel", new WeightOnlyOptions());
        yield return ("8 bits, blocks of 32", new WeightOnlyOptions { Bits = 8, BlockSize = 32 });
        yield return ("8 bits, blocks of 32, level 1", new WeightOnlyOptions { Bits = 8, BlockSize = 32, AccuracyLevel = 1 });
        yield return ("8 bits, blocks of 32, level 0", new WeightOnlyOptions { Bits = 8, BlockSize = 32, AccuracyLevel = 0 });
        yield return ("4 bits, blocks of 32", new WeightOnlyOptions { Bits = 4 });
        yield return ("4 bits, blocks of 32, symmetric", new WeightOnlyOptions { Bits = 4, BlockScheme = QuantizationScheme.Symmetric });
        yield return ("4 bits, blocks of 64", new WeightOnlyOptions { Bits = 4, BlockSize = 64 });
        yield return ("4 bits, blocks of 128", new WeightOnlyOptions { Bits = 4, BlockSize = 128 });
        yield return ("4 bits, blocks of 32, level 1", new WeightOnlyOptions { Bits = 4, AccuracyLevel = 1 });
        yield return ("4 bits, blocks of 32, level 0", new WeightOnlyOptions { Bits = 4, AccuracyLevel = 0 });
        yield return ("2 bits, blocks of 32", new WeightOnlyOptions { Bits = 2 });
    }
}
