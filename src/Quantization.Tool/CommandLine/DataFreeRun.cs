using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>Quantizes a model without samples, and measures it where there are some.</summary>
internal static class DataFreeRun
{
    public static int Run(ToolConsole console, DataFreeRequest request, CancellationToken cancellation)
    {
        string outputPath = request.OutputPath;
        request = InFolder(request);
        request.ThrowUnlessSensible();
        SampleData? samples = Open(console, request, request.Evaluation);
        SampleData? rounding = !request.IsRoundedBySamples ? null
            : request.EvaluationPath is null ? samples
            : Open(console, request, request.Rounding);
        using RunOutput output = RunOutput.Open(console, request.OutputPath, request.Report);
        (PtqResult result, EvaluationResult? scores, QuantizationReport report) = ProgressView.Show(
            output.Progress, view => Work(view, request, rounding, samples, output.Model, cancellation));
        ModelSummary summary = new(
            Describe(request, rounding, samples, result), request.Options.WeightCalibrator.Name, request.Report, request.OutputPath);
        summary = summary with { TokenSpeed = report.TokenSpeed, Preparation = samples?.Preparation };
        output.Finish(report, result.Plan, shown => summary.Write(shown, result, scores, report), cancellation);
        request.Folder?.CopyOthers(outputPath);
        return ExitCode.Success;
    }

    private static SampleData? Open(ToolConsole console, DataFreeRequest request, DataRequest data) =>
        data.FolderPath is null ? null : SampleData.Open(console, request.ModelPath, data);

    /// <summary>The request for the model of a folder, where the model that was named is one.</summary>
    private static DataFreeRequest InFolder(DataFreeRequest request)
    {
        if (!Directory.Exists(request.ModelPath) || request.Options is not WeightOnlyOptions)
        {
            return request;
        }

        GenAiFolder folder = GenAiFolder.Open(request.ModelPath);
        return request with { ModelPath = folder.ModelPath, OutputPath = folder.PlaceIn(request.OutputPath), Folder = folder };
    }

    private static (PtqResult Result, EvaluationResult? Scores, QuantizationReport Report) Work(
        ProgressView view, DataFreeRequest request, SampleData? rounding, SampleData? data, OutputFile output,
        CancellationToken cancellation)
    {
        IProgress<QuantizationProgress> progress = view.ForStages(request.Options.WeightCalibrator.Name);
        ISampleSource? samples = data?.All;
        PtqResult result =
            output.Write(path => Quantize(request, rounding?.All ?? (request.UsesSamples ? samples : null), path, progress, cancellation));
        ISampleSource? scoring = result.QuantizedNodes.Count > 0 && !IsTooLarge(request, result) ? samples : null;
        EvaluationResult? scores = scoring is null ? null : Measuring.Run(
            view, request.ModelPath, output.TemporaryPath, scoring, request.Data, request.BatchSize, request.Threads, cancellation);
        result = scores is null ? result : result.WithLatency(ModelReport.LatencyOf(scores, 0));
        IReadOnlyList<LayerNoise> layers = LayerComparison.Run(
            view, request.Report, request.ModelPath, result.Plan, scoring, new PtqOptions(), cancellation);
        TokenSpeedComparison? speed = scoring is null || request.Folder is null ? null
            : Measuring.TokenSpeed(view, request.ModelPath, output.TemporaryPath, scoring, request.Threads, cancellation);
        return (result, scores, QuantizationReport.Create(
            request.ModelPath, result, request.Options, scores, layers, ContextOf(rounding, data, result)) with { TokenSpeed = speed });
    }

    /// <summary>Whether a model is not measured unless the user names samples for that.</summary>
    private static bool IsTooLarge(DataFreeRequest request, PtqResult result) =>
        request.IsRoundedBySamples && request.EvaluationPath is null && result.ModelBytes > request.LargestMeasured;

    /// <summary>Quantizes the model. Where layers are kept, an interruption says so.</summary>
    private static PtqResult Quantize(
        DataFreeRequest request, ISampleSource? rounding, string path, IProgress<QuantizationProgress> progress,
        CancellationToken cancellation)
    {
        try
        {
            return request.Options.Quantize(request.ModelPath, rounding, path, progress, cancellation);
        }
        catch (OperationCanceledException exception)
            when (request.Options is WeightOnlyOptions { ResumePath: { } kept } && Directory.Exists(kept))
        {
            throw new ResumableException(
                $"cancelled; no model was written. {kept} holds what was done so far: the same command goes on from there.", exception);
        }
    }

    private static ReportContext ContextOf(SampleData? rounding, SampleData? samples, PtqResult result) => new()
    {
        Preprocessing = samples?.Preparation,
        Samples = (rounding is not null && rounding == samples) || result.Refinement is { ScaledInputs: > 0 }
            ? SampleSets.Shared
            : SampleSets.Apart,
    };

    private static string Describe(DataFreeRequest request, SampleData? rounding, SampleData? samples, PtqResult result) =>
        result.QuantizedNodes.Count == 0 ? "No sample was run."
        : rounding is not null && rounding != samples
            ? $"Rounded on {Figures.Count(rounding.All.Count!.Value, "sample")} of {rounding.FolderPath}, measured on "
            + $"{Figures.Count(samples!.All.Count!.Value, "other")} of {samples.FolderPath}."
        : IsTooLarge(request, result)
            ? $"Rounded on {Figures.Count(rounding!.All.Count!.Value, "sample")} of {rounding.FolderPath}; nothing was "
                + "measured, because running "
            + $"a model of {Figures.Bytes(result.ModelBytes)} takes as much memory. Give --evaluate DIR to measure."
        : rounding is not null
            ? $"Rounded and measured on {Figures.Count(samples!.All.Count!.Value, "sample")} of {samples.FolderPath}; figures on "
            + "other samples are a little worse."
        : result.Refinement is { ScaledInputs: > 0 }
            ? $"Measured on {Figures.Count(samples!.All.Count!.Value, "sample")} of {samples.FolderPath}, of which up to "
                + $"{DynamicRefiner.MostSamples} also refined the model; "
            + "figures on other samples may be a little worse."
        : samples is null ? "Quantized without samples, so nothing was measured. Give --data DIR to measure."
        : $"Quantized without samples; measured on {Figures.Count(samples.All.Count!.Value, "sample")} of {samples.FolderPath}.";
}
