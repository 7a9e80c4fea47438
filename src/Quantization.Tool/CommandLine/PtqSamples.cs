using Quantization.Onnx;
using Quantization.Reporting;

namespace Quantization.Tool;

/// <summary>Which samples calibrate and which measure.</summary>
/// <param name="FolderPath">Where they lie; null where there are none.</param>
/// <param name="Calibration">The samples to calibrate on; null where a calibration was given.</param>
/// <param name="Scoring">The samples to measure on; null where there are none.</param>
/// <param name="Preparation">How they are prepared for the model, in words; null where there are none.</param>
internal sealed record PtqSamples(string? FolderPath, ISampleSource? Calibration, ISampleSource? Scoring, string? Preparation)
{
    /// <summary>What a report cannot know by itself.</summary>
    /// <param name="hasCalibrated">Whether <see cref="Calibration"/> was run.</param>
    public ReportContext ContextOf(bool hasCalibrated) => new()
    {
        Preprocessing = Preparation,
        Samples = Calibration is null || !hasCalibrated ? SampleSets.Unknown
            : ReferenceEquals(Calibration, Scoring) ? SampleSets.Shared
            : SampleSets.Apart,
    };

    public static PtqSamples Open(ToolConsole console, PtqRequest request)
    {
        SampleData? samples = request.Data.FolderPath is null ? null : SampleData.Open(console, request.ModelPath, request.Data);
        if (samples is null || request.StatePath is not null)
        {
            return new PtqSamples(samples?.FolderPath, null, samples?.All, samples?.Preparation);
        }

        if (!samples.IsLabelled)
        {
            return new PtqSamples(samples.FolderPath, samples.All, samples.All, samples.Preparation);
        }

        (ISampleSource calibration, ISampleSource scoring) = samples.Split();
        return new PtqSamples(samples.FolderPath, calibration, scoring, samples.Preparation);
    }

    /// <summary>Says in a sentence what was done with which samples.</summary>
    public string Describe(PtqRequest request, PtqResult result)
    {
        if (result.QuantizedNodes.Count == 0)
        {
            return result.Calibration.SampleCount == 0
                ? "No sample was run."
                : $"Calibrated on {Figures.Count(result.Calibration.SampleCount, "sample")}; nothing was measured.";
        }

        if (request.PlanPath is not null)
        {
            if (result.Plan.HasHalfInterface && Scoring is not null)
            {
                return $"Carried out {request.PlanPath}; nothing was measured, because the samples do not fit inputs of 16 bits.";
            }

            string measured = Scoring is null
                ? "nothing was measured, because no samples were given"
                : $"measured on {Figures.Count(Scoring.Count!.Value, "sample")} of {FolderPath}";
            return $"Carried out {request.PlanPath}; {measured}.";
        }

        string calibrator = $"Calibrated with {request.Options.ActivationCalibrator.Name}";
        string calibrated = Calibration is null
            ? $"{calibrator} from {request.StatePath}"
            : $"{calibrator} on {Figures.Count(result.Calibration.SampleCount, "sample")} of {FolderPath}";
        return this switch
        {
            { Scoring: null } => $"{calibrated}; nothing was measured, because no samples were given.",
            { Calibration: null } => $"{calibrated}, measured on {Figures.Count(Scoring.Count!.Value, "sample")} of {FolderPath}.",
            _ when ReferenceEquals(Calibration, Scoring) =>
                $"{calibrated}, and measured on the same samples; with labels, some would be set aside for measuring.",
            _ => $"{calibrated} (every fourth labelled one, and those without a label), scored on the "
                + $"{Figures.Count(Scoring.Count!.Value, "other sample")}.",
        };
    }
}
