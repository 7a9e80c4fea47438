using Quantization.Benchmarks.Support;
using Quantization.Benchmarks.Transformers;
using Quantization.Onnx;
using Quantization.Onnx.Tests;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Benchmarks.Accuracy;

/// <summary>A model, samples to calibrate on, and others to compare the quantized model with the float one on.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="ModelPath">The float model.</param>
/// <param name="Calibrating">The samples that calibrate.</param>
/// <param name="Evaluating">Others.</param>
internal sealed record AccuracySubject(string Name, string ModelPath, ISampleSource Calibrating, ISampleSource Evaluating)
{
    private const int CalibrationLines = 50;
    private const int Lines = 300;
    private const int CalibrationSentences = 128;
    private const int Sentences = 500;

    /// <summary>Further figures of a quantized model beside the float one, as text; null for none.</summary>
    public Func<string, string>? Judge { get; init; }

    /// <summary>
    /// The models of a folder whose samples lie in folders of their names, each with <c>calibrate</c> and <c>evaluate</c>.
    /// </summary>
    public static IEnumerable<AccuracySubject> OfFolder(string models, string samples) =>
        from path in Directory.GetFiles(models, "*.onnx").Order(StringComparer.Ordinal)
        let name = Path.GetFileNameWithoutExtension(path)
        where Directory.Exists(Path.Combine(samples, name))
        select new AccuracySubject(name, path, new SampleFolder(Path.Combine(samples, name, "calibrate")), new SampleFolder(
            Path.Combine(samples, name, "evaluate")));

    /// <summary>The embedded classifier and the three nets that are hard to quantize, on Fashion-MNIST.</summary>
    public static IEnumerable<AccuracySubject> OfImages() =>
    [
        new("fashion-mobilenet", FashionExample.ModelPath, FashionExample.TrainingImages(0, 500), FashionExample.TestImages(0, 2000)),
        .. ((string[])[StressNets.DenseNet, StressNets.ByteNet, StressNets.MaxoutNet])
            .Select(name => new AccuracySubject(
                name, StressNets.PathOf(name), StressNets.TrainingSamples(name, 0, 200), StressNets.TestSamples(name, 0, 2000))),
    ];

    /// <summary>The text recognizer, on generated lines; three sets calibrate, one after the other.</summary>
    public static IEnumerable<AccuracySubject> OfText()
    {
        TextLine[] unseen = TextLine.Render(seed: 100, Lines);
        using Recognizer original = new(OcrModels.Recognizer);
        double errors = original.ErrorRate(unseen);
        return
        [
            .. Enumerable.Range(1, 3).Select(seed => new AccuracySubject(
                $"recognizer, set {seed}", OcrModels.Recognizer, Samples(TextLine.Render(seed, CalibrationLines)), Samples(unseen[..100]))
            {
                Judge = path =>
                {
                    using Recognizer quantized = new(path);
                    return FormattableString.Invariant($"CER {quantized.ErrorRate(unseen):0.0000}, of float {errors:0.0000}");
                },
            }),
        ];
    }

    /// <summary>An encoder of sentences.</summary>
    /// <param name="folder">Where its model is put.</param>
    /// <param name="compared">How many sentences to compare models on.</param>
    public static AccuracySubject OfSentences(string folder, int compared = 100)
    {
        MiniLM encoder = new(folder);
        ModelSample[] samples = [.. WordNetGlosses.Take(CalibrationSentences + Sentences)
            .Select((gloss, i) => MiniLM.Sample($"sentence {i}", encoder.Tokenize(gloss)))];
        ModelSample[] unseen = samples[CalibrationSentences..];
        float[][] floats = SentenceEmbeddings.Of(encoder.ModelPath, unseen);
        return new AccuracySubject(
            "MiniLM", encoder.ModelPath, new SampleList(samples[..CalibrationSentences]), new SampleList(unseen[..compared]))
        {
            Judge = path =>
            {
                float[][] embeddings = SentenceEmbeddings.Of(path, unseen);
                return FormattableString.Invariant(
                    $"embeddings {SentenceEmbeddings.Loss(embeddings, floats):0.0000}, recall@10 {SentenceEmbeddings.Recall(embeddings, floats, 10):0.000}");
            },
        };
    }

    private static SampleList Samples(IEnumerable<TextLine> lines) => new([.. lines.Select(line => line.ToSample())]);
}
