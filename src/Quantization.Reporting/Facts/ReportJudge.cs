using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>
/// Judges a quantized model by what the samples can show: accuracy with its interval, agreement and noise, not top-1 alone.
/// </summary>
internal static class ReportJudge
{
    /// <summary>A loss too small to notice, a tenth of a point; and its upper bound as far as the samples show.</summary>
    private const double NegligibleLoss = 0.001, MostPossibleLoss = 0.01;

    /// <summary>Even the worst that the samples allow is a loss that hardly anybody notices: half a point.</summary>
    private const double SmallLoss = 0.005;

    /// <summary>Below it the answers of the models differ often, regardless of the accuracy.</summary>
    private const double NearAgreement = 0.95, VeryNearAgreement = 0.99;

    /// <summary>Without labels: the share of other answers that there may be at most, as far as samples tell.</summary>
    private const double MaxOtherAnswers = 0.03;

    /// <summary>Noise a thousandth of the signal hardly moves an answer; a hundredth is still near.</summary>
    private const double NegligibleNoise = 30, NearNoise = 20;

    /// <summary>How the number of samples grows that might be enough, and up to how many times as many.</summary>
    private const double Step = 1.05, MostTimes = 100;

    /// <summary>With fewer samples even low noise shows little.</summary>
    private const int FewScored = 16;

    /// <summary>The verdict.</summary>
    /// <param name="report">The facts.</param>
    /// <param name="isDoubtful">Whether labels or preprocessing are doubted.</param>
    public static ReportVerdict Judge(QuantizationReport report, bool isDoubtful) => report switch
    {
        { QuantizedNodes.Count: 0 } => ReportVerdict.NothingQuantized,
        _ when isDoubtful => ReportVerdict.Doubtful,
        { Partial: { } partial } => partial.IsTargetMet ? ReportVerdict.Good : ReportVerdict.Lossy,
        _ => Judge(JudgedFigures.Of(report)),
    };

    /// <summary>The verdict on figures alone.</summary>
    public static ReportVerdict Judge(JudgedFigures figures) => figures switch
    {
        { ReferenceTop1: { } before, Top1: { } after } => ByAccuracy(figures, before - after),
        { SignalToNoise: { } ratio } => ByNoise(figures, ratio),
        _ => ReportVerdict.NotMeasured,
    };

    /// <summary>About how many samples would make the verdict clear, if they showed the same loss and agreement.</summary>
    public static int WantedSamples(QuantizationReport report)
    {
        JudgedFigures figures = JudgedFigures.Of(report);
        for (double factor = Step; factor < MostTimes; factor *= Step)
        {
            int samples = RoundUp(figures.Samples * factor);
            if (Judge(figures with { Samples = samples, LabelledSamples = RoundUp(figures.LabelledSamples * factor) })
                != ReportVerdict.Unclear)
            {
                return samples;
            }
        }

        return RoundUp(MostTimes * figures.Samples);

        static int RoundUp(double samples) => samples == 0 ? 0 : 100 * (int)Math.Ceiling(samples / 100);
    }

    private static ReportVerdict ByAccuracy(JudgedFigures figures, double loss)
    {
        ShareInterval interval = ShareInterval.OfLoss(loss, figures.Agreement, figures.LabelledSamples);
        bool isSmall = interval.High <= SmallLoss || (loss <= NegligibleLoss && interval.High <= MostPossibleLoss);
        return interval.Low > 0 && !isSmall ? ReportVerdict.Lossy
            : figures.Agreement < NearAgreement && figures.Samples >= FewScored ? ReportVerdict.Lossy
            : isSmall ? ReportVerdict.Good
            : ReportVerdict.Unclear;
    }

    private static ReportVerdict ByNoise(JudgedFigures figures, double ratio)
    {
        int samples = figures.Samples;
        double? agreement = figures.Agreement;
        if (ratio < NearNoise || (agreement < NearAgreement && samples >= FewScored))
        {
            return ReportVerdict.Lossy;
        }

        bool isNear = ratio >= NegligibleNoise
            ? agreement is null or >= VeryNearAgreement
            : agreement is { } same && samples > 0 && ShareInterval.Of(same, samples).Low >= 1 - MaxOtherAnswers;
        return isNear && samples >= FewScored ? ReportVerdict.Good
            : agreement is null && ratio < NegligibleNoise ? ReportVerdict.Lossy
            : ReportVerdict.Unclear;
    }
}
