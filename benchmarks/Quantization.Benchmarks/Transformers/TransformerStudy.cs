using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.Transformers;

/// <summary>
/// What static int8, dynamic int8 and int8 weights make of a real encoder of sentences: accuracy, size and speed.
/// <c>docs/transformers.md</c> has the table.
/// </summary>
internal static class TransformerStudy
{
    private const int Sentences = 2500;
    private const int CalibrationSentences = 128;
    private const int Neighbours = 10;
    private const int Rounds = 40;
    private const int LongSentence = 128;
    private const int Batch = 8;

    public static int Run()
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        MiniLM encoder = new(folder.FullName);
        string[] glosses = WordNetGlosses.Take(Sentences + CalibrationSentences);
        ModelSample[] samples = [.. glosses.Select((gloss, i) => MiniLM.Sample($"sentence {i}", encoder.Tokenize(gloss)))];
        int step = samples.Length / CalibrationSentences;
        ModelSample[] calibration = [.. samples.Where((_, i) => i % step == 0)], scoring = [.. samples.Where((_, i) => i % step != 0)];
        long[] tokens = [.. samples.SelectMany(sample => MemoryMarshal.Cast<byte, long>(sample.Inputs[0].Data).ToArray()).Take(LongSentence * Batch)];
        ModelSample one = MiniLM.Sample("1 x 128", tokens[..LongSentence]), eight = MiniLM.Sample("8 x 128", tokens, Batch);

        (string Name, string Path)[] models =
        [
            ("float", encoder.ModelPath),
            ("`ptq --no-refine`", Make("plain", path => PostTrainingQuantizer.Quantize(encoder.ModelPath, new SampleList(calibration), path, new PtqOptions { Refine = false, LatencyRuns = 0 }))),
            ("`ptq`", Make("static", path => PostTrainingQuantizer.Quantize(encoder.ModelPath, new SampleList(calibration), path, new PtqOptions { LatencyRuns = 0 }))),
            ("`dynamic`", Make("dynamic", path => DynamicQuantizer.Quantize(encoder.ModelPath, path))),
            ("`dynamic --data`", Make("smooth", path => DynamicQuantizer.Quantize(encoder.ModelPath, new SampleList(calibration), path))),
            ("`weights`", Make("weights", path => WeightQuantizer.Quantize(encoder.ModelPath, path))),
        ];

        float[][] floats = SentenceEmbeddings.Of(encoder.ModelPath, scoring);
        double[] oneTimes = Measure([.. models.Select(model => model.Path)], one), eightTimes = Measure([.. models.Select(model => model.Path)], eight);
        Console.WriteLine($"\n{scoring.Length} sentences; latencies of one thread, the least of {Rounds} runs in turn, as shares of the float model's");
        Console.WriteLine("| model | 1 − cosine | recall@10 | file | 1×128 | 8×128 |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        for (int i = 0; i < models.Length; i++)
        {
            float[][] embeddings = SentenceEmbeddings.Of(models[i].Path, scoring);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {models[i].Name} | {SentenceEmbeddings.Loss(embeddings, floats):0.00000} | {SentenceEmbeddings.Recall(embeddings, floats, Neighbours):0.000} | {new FileInfo(models[i].Path).Length / (double)new FileInfo(models[0].Path).Length:0.000} | {oneTimes[i] / oneTimes[0]:0.00} | {eightTimes[i] / eightTimes[0]:0.00} |"));
        }

        return 0;

        string Make(string name, Func<string, PtqResult> quantize)
        {
            Stopwatch watch = Stopwatch.StartNew();
            PtqResult result = quantize(folder[$"{name}.onnx"]);
            string refined = result.Refinement is { } refinement
                ? FormattableString.Invariant($"{refinement.ScaledInputs} inputs scaled, loss {refinement.LossBefore:0.0000} -> {refinement.LossAfter:0.0000}, ")
                : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {watch.Elapsed.TotalSeconds:0.0} s, {refined}{string.Join(", ", result.Int8Operators.Select(each => $"{each.Value} {each.Key}"))}, {result.Conversions} conversions left"));
            return result.OutputPath;
        }
    }

    /// <summary>The shortest run of each model, in milliseconds. The models take turns, so that all meet the same machine.</summary>
    private static double[] Measure(string[] paths, ModelSample sample)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using RunOptions run = new();
        InferenceSession[] sessions = [.. paths.Select(path => new InferenceSession(path, options))];
        double[] least = [.. paths.Select(_ => double.PositiveInfinity)];
        for (int round = -2; round < Rounds; round++)
        {
            for (int i = 0; i < sessions.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                SentenceEmbeddings.Run(sessions[i], run, sample);
                least[i] = round < 0 ? least[i] : Math.Min(least[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        Array.ForEach(sessions, session => session.Dispose());
        return least;
    }
}
