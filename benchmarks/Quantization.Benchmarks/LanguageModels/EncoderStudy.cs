using System.Diagnostics;
using System.Globalization;
using Quantization.Benchmarks.Transformers;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>What weights in blocks cost a real encoder of sentences. <c>docs/studies/language-models.md</c> has the table.</summary>
internal static class EncoderStudy
{
    private const int Sentences = 2500;
    private const int CalibrationSentences = 128;
    private const int Neighbours = 10;

    public static int Run()
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        MiniLM encoder = new(folder.FullName);
        string[] glosses = WordNetGlosses.Take(Sentences + CalibrationSentences);
        ModelSample[] samples = [.. glosses.Select((gloss, i) => MiniLM.Sample($"sentence {i}", encoder.Tokenize(gloss)))];
        int step = samples.Length / CalibrationSentences;
        SampleList calibration = new([.. samples.Where((_, i) => i % step == 0)]);
        ModelSample[] scoring = [.. samples.Where((_, i) => i % step != 0)];
        float[][] floats = SentenceEmbeddings.Of(encoder.ModelPath, scoring);
        Console.WriteLine("| weights | 1 − cosine | recall@10 | file, MB | made in |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach ((string name, WeightOnlyOptions options) in Variants())
        {
            Stopwatch watch = Stopwatch.StartNew();
            string output = folder["out.onnx"];
            _ = options.Method is null ? WeightQuantizer.Quantize(encoder.ModelPath, output, options)
                : WeightQuantizer.Quantize(encoder.ModelPath, calibration, output, options);
            TimeSpan time = watch.Elapsed;
            float[][] embeddings = SentenceEmbeddings.Of(output, scoring);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {SentenceEmbeddings.Loss(embeddings, floats):0.00000} | "
                    + $"{SentenceEmbeddings.Recall(embeddings, floats, Neighbours):0.000} | "
                    + $"{new FileInfo(output).Length / 1e6:0.0} | {time.TotalSeconds:0.0} s |"));
        }

        return 0;
    }

    private static IEnumerable<(string Name, WeightOnlyOptions Options)> Variants()
    {
        WeightOnlyOptions four = new() { Bits = 4 };
        yield return ("8 bits, blocks of 32", new WeightOnlyOptions { Bits = 8, BlockSize = 32 });
        yield return ("4 bits", four);
        yield return ("4 bits, weighted", four with { Method = WeightMethod.Weighted });
        yield return ("4 bits, AWQ", four with { Method = WeightMethod.Awq });
        yield return ("4 bits, GPTQ", four with { Method = WeightMethod.Gptq });
        yield return ("4 bits, AWQ and GPTQ", four with { Method = WeightMethod.AwqGptq });
        yield return ("5 bits on average, GPTQ", new WeightOnlyOptions { BitsPerWeight = 5, Method = WeightMethod.Gptq });
    }
}
