using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.LanguageModels;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.Transformers;

/// <summary>
/// What static int8, dynamic int8 and int8 weights make of a real encoder of sentences: accuracy, size and speed. With a folder that
/// holds a small language model, also its perplexity; with <c>partial</c>, what layers in float or with int8 weights alone add.
/// <c>docs/studies/transformers.md</c> has the table.
/// </summary>
internal static class TransformerStudy
{
    private const int Sentences = 2500;
    private const int CalibrationSentences = 128;
    private const int Neighbours = 10;
    private const int Rounds = 40;
    private const int JudgingStep = 39;
    private const int LongSentence = 128;
    private const int Batch = 8;

    /// <summary>Prints the tables.</summary>
    /// <param name="arguments">The folder of the language model, <c>partial</c>, or nothing.</param>
    public static int Run(string[] arguments)
    {
        bool isPartial = arguments is ["partial"];
        if (arguments is [string stories] && !isPartial)
        {
            return RunStories(stories);
        }

        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        MiniLM encoder = new(folder.FullName);
        string[] glosses = WordNetGlosses.Take(Sentences + CalibrationSentences);
        ModelSample[] samples = [.. glosses.Select((gloss, i) => MiniLM.Sample($"sentence {i}", encoder.Tokenize(gloss)))];
        int step = samples.Length / CalibrationSentences;
        ModelSample[] calibration = [.. samples.Where((_, i) => i % step == 0)], scoring = [.. samples.Where((_, i) => i % step != 0)];
        long[] tokens =
            [.. samples.SelectMany(sample => MemoryMarshal.Cast<byte, long>(sample.Inputs[0].Data).ToArray()).Take(LongSentence * Batch)];
        ModelSample one = MiniLM.Sample("1 x 128", tokens[..LongSentence]), eight = MiniLM.Sample("8 x 128", tokens, Batch);

        ModelSample[] judging = [.. scoring.Where((_, i) => i % JudgingStep == 0)];
        scoring = isPartial ? [.. scoring.Except(judging)] : scoring;
        (string Name, string Path)[] models = isPartial
            ? QuantizedVariants.MakePartial(encoder.ModelPath, new SampleList(calibration), new SampleList(judging), folder)
            : QuantizedVariants.Make(encoder.ModelPath, new SampleList(calibration), folder);
        float[][] floats = SentenceEmbeddings.Of(encoder.ModelPath, scoring);
        double[] oneTimes = Measure([.. models.Select(model => model.Path)], one),
            eightTimes = Measure([.. models.Select(model => model.Path)], eight);
        Console.WriteLine(
            $"\n{scoring.Length} sentences; latencies of one thread, the least of {Rounds} runs in turn, as shares of the float model's");
        Console.WriteLine("| model | 1 − cosine | recall@10 | file | 1×128 | 8×128 |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        for (int i = 0; i < models.Length; i++)
        {
            float[][] embeddings = SentenceEmbeddings.Of(models[i].Path, scoring);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {models[i].Name} | {SentenceEmbeddings.Loss(embeddings, floats):0.00000} | "
                    + $"{SentenceEmbeddings.Recall(embeddings, floats, Neighbours):0.000} | "
                    + $"{new FileInfo(models[i].Path).Length / (double)new FileInfo(models[0].Path).Length:0.000} | "
                    + $"{oneTimes[i] / oneTimes[0]:0.00} | {eightTimes[i] / eightTimes[0]:0.00} |"));
        }

        return 0;
    }

    private static int RunStories(string root)
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        IReadOnlyList<long[]> stories = StoryFigures.Read(Path.Combine(root, "evaluate"));
        List<float[]> reference = [];
        (string Name, string Path)[] models = QuantizedVariants.Make(
            Path.Combine(root, "model.onnx"), new SampleFolder(Path.Combine(root, "calibrate")), folder);
        Console.WriteLine("\n| model | perplexity | KL divergence | same token |");
        Console.WriteLine("|---|---:|---:|---:|");
        foreach ((string name, string path) in models)
        {
            StoryFigures figures = StoryFigures.Of(path, stories, reference);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {figures.Perplexity:0.000} | {figures.Divergence:0.0000} | {figures.Agreement:0.000} |"));
        }

        return 0;
    }

    /// <summary>The shortest run of each model, in milliseconds. The models take turns, so that all meet the same machine.</summary>
    private static double[] Measure(string[] paths, ModelSample sample)
    {
        using SessionOptions options =
            new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
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
