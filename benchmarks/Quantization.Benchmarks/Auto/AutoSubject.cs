using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.Accuracy;
using Quantization.Benchmarks.Support;
using Quantization.Onnx;
using Quantization.Onnx.Tests;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Benchmarks.Auto;

/// <summary>A model that <c>auto</c> decides about, and its samples.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="ModelPath">The float model.</param>
/// <param name="Calibrating">The samples to calibrate on.</param>
/// <param name="Scoring">Others to score with.</param>
internal sealed record AutoSubject(string Name, string ModelPath, ISampleSource Calibrating, ISampleSource Scoring)
{
    private const int CalibrationImages = 128;
    private const int Images = 1000;
    private const int Stories = 80;
    private const int Sentences = 500;
    private const int SoundSeconds = 8;

    /// <summary>The metric; null for what <c>auto</c> takes itself.</summary>
    public ModelMetric? Metric { get; init; }

    /// <summary>The metric for budgets that allow a loss; null for the same one.</summary>
    public ModelMetric? LossMetric { get; init; }

    /// <summary>How much of that metric may be lost.</summary>
    public double MaxLoss { get; init; } = 0.01;

    /// <summary>All models that are there.</summary>
    /// <param name="models">A folder of models; null for none.</param>
    /// <param name="samples">The folder of their samples.</param>
    /// <param name="scratch">Where the model that a package embeds is put.</param>
    public static IEnumerable<(string Name, Func<AutoSubject> Open)> All(string? models, string? samples, string scratch)
    {
        yield return ("example", OfImages);
        yield return ("recognizer", () => Of(
            AccuracySubject.OfText().First()) with { Name = "recognizer", LossMetric = ModelMetric.Agreement, MaxLoss = 0.02 });
        yield return ("MiniLM", () => Of(AccuracySubject.OfSentences(scratch, Sentences)) with { LossMetric = null });
        yield return ("stories260K", OfStories);
        yield return ("Silero", OfSpeech);
        foreach (AccuracySubject each in models is null ? [] : AccuracySubject.OfFolder(models, samples!))
        {
            yield return (each.Name, () => Of(each));
        }
    }

    private static AutoSubject Of(AccuracySubject subject) =>
        new(subject.Name, subject.ModelPath, subject.Calibrating, subject.Evaluating) { LossMetric = ModelMetric.Cosine };

    private static AutoSubject OfImages() =>
        new("example", FashionExample.ModelPath, FashionExample.TrainingImages(0, CalibrationImages), FashionExample.TestImages(0, Images))
        {
            MaxLoss = 0.005
        };

    private static AutoSubject OfStories()
    {
        string root = Path.Combine(Path.GetDirectoryName(RepositoryFiles.Root)!, "shared", "models", "stories260K");
        return new AutoSubject(
            "stories260K",
            Path.Combine(root, "model.onnx"),
            new SampleFolder(Path.Combine(root, "calibrate")),
            new SampleList([.. new SampleFolder(Path.Combine(root, "evaluate")).Take(Stories)]))
        {
            Metric = ModelMetric.Perplexity,
            MaxLoss = 0.05,
        };
    }

    private static AutoSubject OfSpeech() =>
        new("Silero", SpeechDetector.ModelPath, Frames(seed: 1), Frames(seed: 2)) { LossMetric = ModelMetric.Cosine };

    /// <summary>The frames of a sound, each with what the float model remembers of those before.</summary>
    private static SampleList Frames(int seed)
    {
        float[] sound = SpeechDetector.Synthesize(seed, SoundSeconds), state = new float[SpeechDetector.StateLength];
        using InferenceSession session = new(SpeechDetector.ModelPath);
        using RunOptions run = new();
        List<ModelSample> samples = [];
        for (int frame = 0; frame < SpeechDetector.FramesIn(sound); frame++)
        {
            ModelSample sample = SpeechDetector.ToSample(sound, frame, state);
            samples.Add(sample);
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, ["stateN"]);
            state = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }

        return new SampleList(samples);
    }
}
