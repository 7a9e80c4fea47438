using Quantization.Onnx;
using Spectre.Console;

namespace Quantization.Tool;

/// <summary><c>quantize</c> without a command: the whole way of a model, on what the tool brings along.</summary>
internal static class ExampleCommand
{
    private const int BatchSize = 50;

    public static int Run(ToolConsole console, CancellationToken cancellation)
    {
        ICalibrator[] calibrators = [new MaxCalibrator(), new EntropyCalibrator(), new PercentileCalibrator()];
        string outputPath = Path.Combine("quantized", $"{ExampleModel.Name}.int8.onnx");
        using OutputFile output = OutputFile.Open(outputPath);
        using OwnedFolder work = OwnedFolder.CreateTemporary();
        string model = work[$"{ExampleModel.Name}.onnx"];
        try
        {
            ExampleModel.Save(model);
        }
        catch (IOException e)
        {
            throw OwnedFolder.CannotUseTemporaryPath("cannot write a temporary file here", e);
        }

        ImageSet calibrationImages = ImageSet.Calibration;
        ImageSet scoringImages = ImageSet.Scoring;
        (PtqResult[] quantized, EvaluationResult scores) = ProgressView.Show(console, view =>
        {
            view.Begin($"Calibrating on {Figures.Count(calibrationImages.Count, "image")}");
            ModelCalibration calibration = ModelCalibrator.Calibrate(
                model, calibrationImages, progress: view.ForSteps(), cancellationToken: cancellation);
            PtqResult[] results = [.. calibrators.Select(calibrator => Quantize(view, model, calibration, calibrator, work, cancellation))];
            view.Begin($"Evaluating {Figures.Count(results.Length + 1, "model")} on {Figures.Count(scoringImages.Count, "other image")}");
            return (results, ModelEvaluator.Evaluate(
                model,
                [.. results.Select(result => result.OutputPath)],
                scoringImages,
                new EvaluationOptions { BatchSize = BatchSize },
                view.ForSteps(),
                cancellation));
        });

        int best = IndexOfBest(scores.Candidates);
        output.CopyFrom(quantized[best].OutputPath);
        cancellation.ThrowIfCancellationRequested();
        output.Commit();

        console.WriteLine(
            $"{ExampleModel.Name} in ONNX Runtime: calibrated on {Figures.Count(calibrationImages.Count, "image")}, scored on "
                + $"{Figures.Count(scoringImages.Count, "other image")} in batches of {BatchSize}, one thread.");
        console.Screen.Write(CreateTable(calibrators, scores));
        foreach (string remark in calibrators.SelectMany(
            (calibrator, i) => ModelReport.Remarks(calibrator.Name, quantized[i].WithLatency(ModelReport.LatencyOf(scores, i)))).Distinct())
        {
            console.WriteLine(remark);
        }

        foreach (string line in ModelReport.Int8Nodes(quantized[best], isVerbose: false))
        {
            console.WriteLine(line);
        }

        console.WriteLine($"Wrote the best, {calibrators[best].Name}: {outputPath}");
        return ExitCode.Success;
    }

    private static PtqResult Quantize(
        ProgressView view, string model, ModelCalibration calibration, ICalibrator calibrator, OwnedFolder work,
        CancellationToken cancellation)
    {
        view.Begin($"Quantizing with {calibrator.Name}");
        return PostTrainingQuantizer.Quantize(
            model,
            calibration,
            work[$"{calibrator.Name}.onnx"],
            new PtqOptions { ActivationCalibrator = calibrator },
            cancellationToken: cancellation);
    }

    /// <summary>The highest accuracy wins; between equals, the one nearest to the float model.</summary>
    private static int IndexOfBest(IReadOnlyList<ModelScore> scores) =>
        Enumerable.Range(0, scores.Count).MaxBy(i => (scores[i].Top1, scores[i].SignalToNoise));

    private static Table CreateTable(ICalibrator[] calibrators, EvaluationResult scores)
    {
        Table table = ModelReport.CreateTable("Calibrator", "Top-1", "Logit SQNR", "File size", "Median latency");
        ModelScore reference = scores.Reference;
        table.AddRow(
            "FP32", Figures.Percent(reference.Top1), "-", Figures.Bytes(reference.FileSize), Figures.Milliseconds(reference.MedianLatency));
        for (int i = 0; i < calibrators.Length; i++)
        {
            ModelScore score = scores.Candidates[i];
            table.AddRow(
                calibrators[i].Name,
                Figures.Percent(score.Top1),
                Figures.Decibels(score.SignalToNoise),
                Figures.Bytes(score.FileSize, reference.FileSize),
                Figures.Milliseconds(score.MedianLatency, reference.MedianLatency));
        }

        return table;
    }
}
