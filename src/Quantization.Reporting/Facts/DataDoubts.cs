using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>Finds signs that labels or preprocessing do not fit the float model. They come before every other statement.</summary>
internal static class DataDoubts
{
    /// <summary>
    /// A trained model makes most of the way from chance to always right; less than half of it, as far as samples tell, is a reason to
    /// doubt.
    /// </summary>
    private const double LittleSkill = 0.5;

    /// <summary>From this share on, nearly all answers are one class.</summary>
    private const double NearlyAll = 0.95;

    /// <summary>With fewer samples one class is no surprise.</summary>
    private const int EnoughSamples = 20;

    /// <summary>The doubts; empty where there are none.</summary>
    public static IEnumerable<Advice> Of(ClassCounts? counts, double? floatTop1, string? preprocessing)
    {
        if (counts is null)
        {
            yield break;
        }

        bool isOneLabel = counts is { LabelledSamples: > 1, LabelClasses: 1, AnsweredClasses: > 1 };
        if (isOneLabel)
        {
            yield return DataAdvice.OneLabel(counts, preprocessing);
        }
        else if (floatTop1 is { } accuracy && counts.LabelledSamples > 0 && DoubtAccuracy(counts, accuracy, preprocessing) is { } doubt)
        {
            yield return doubt;
        }

        if (counts.LabelClasses != 1 && counts.Samples >= EnoughSamples && counts.MostFrequentAnswers >= NearlyAll * counts.Samples)
        {
            yield return DataAdvice.OneAnswer(counts, preprocessing);
        }
    }

    private static Advice? DoubtAccuracy(ClassCounts counts, double accuracy, string? preprocessing)
    {
        double chance = counts.ChanceAccuracy;
        ShareInterval interval = ShareInterval.Of(accuracy, counts.LabelledSamples);
        if (interval.High >= chance + (LittleSkill * (1 - chance)))
        {
            return null; // the model may be as good as others, as far as so many samples tell
        }

        return interval.Low <= chance
            ? DataAdvice.NearChance(counts, accuracy, preprocessing)
            : DataAdvice.LowAccuracy(counts, accuracy, preprocessing);
    }
}
