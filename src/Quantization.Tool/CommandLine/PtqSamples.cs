using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Which samples calibrate and which measure.</summary>
/// <param name="Calibration">The samples to calibrate on; null where a calibration was given.</param>
/// <param name="Scoring">The samples to measure on; null where there are none.</param>
internal sealed record PtqSamples(SampleFolder? Calibration, SampleFolder? Scoring)
{
    public static PtqSamples Open(PtqRequest request)
    {
        LabelFile? labels = request.LabelsPath is null ? null : LabelFile.Read(request.LabelsPath);
        SampleFolder? samples = request.DataPath is null ? null : new SampleFolder(request.DataPath, labels);
        if (request.StatePath is not null)
        {
            return new PtqSamples(null, samples);
        }

        if (labels is null)
        {
            return new PtqSamples(samples, samples);
        }

        (SampleFolder calibration, SampleFolder scoring) = samples!.Split();
        return new PtqSamples(calibration, scoring);
    }

    /// <summary>Says in a sentence what was done with which samples.</summary>
    public string Describe(PtqRequest request, PtqResult result)
    {
        if (result.QuantizedNodes.Count == 0)
        {
            return "No sample was run.";
        }

        string calibrator = $"Calibrated with {request.Options.ActivationCalibrator.Name}";
        string calibrated = Calibration is null ? $"{calibrator} from {request.StatePath}" : $"{calibrator} on {Figures.Count(Calibration.Count, "sample")} of {Calibration.FolderPath}";
        return this switch
        {
            { Scoring: null } => $"{calibrated}; nothing was measured, because no samples were given.",
            { Calibration: null } => $"{calibrated}, measured on {Figures.Count(Scoring.Count, "sample")} of {Scoring.FolderPath}.",
            _ when ReferenceEquals(Calibration, Scoring) => $"{calibrated}, and measured on the same; labels would set samples apart for measuring.",
            _ => $"{calibrated} (every fourth labelled one, and those without a label), scored on the {Figures.Count(Scoring.Count, "other sample")}.",
        };
    }
}
