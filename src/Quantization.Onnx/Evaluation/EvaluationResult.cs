using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Models measured side by side on the same samples. Immutable.</summary>
/// <param name="Reference">The model that the others are compared with, usually the float one.</param>
/// <param name="Candidates">The others, in the order given.</param>
/// <param name="Samples">The samples that every model ran; one that holds a batch counts once.</param>
/// <param name="LabelledSamples">
/// How many of them have a label. <see cref="ModelFigures.Top1"/> tells how many of these count for accuracy.
/// </param>
public sealed record EvaluationResult(ModelScore Reference, IReadOnlyList<ModelScore> Candidates, int Samples, int LabelledSamples)
{
    /// <summary>Why labelled samples do not count for accuracy, in a sentence or two; null where all count.</summary>
    public string? UncountedLabels { get; init; }

    /// <summary>
    /// A sentence for each candidate that is slower than the reference by a twentieth or more, or larger, and
    /// <see cref="UncountedLabels"/>; empty where there is nothing to say.
    /// </summary>
    public IReadOnlyList<string> Warnings =>
        [.. Candidates.SelectMany(Compare), .. UncountedLabels is null ? (string[])[] : [UncountedLabels]];

    private IEnumerable<string> Compare(ModelScore candidate)
    {
        if (new LatencyComparison(Reference.MedianLatency, candidate.MedianLatency, candidate.TimedRuns).IsSlower)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{candidate.ModelPath} is slower than {Reference.ModelPath} on this machine: {candidate.MedianLatency.TotalMilliseconds:0.000} ms against {Reference.MedianLatency.TotalMilliseconds:0.000} ms a run. In small models turning floats into codes and back costs more than int8 saves; PtqResult.ConversionReasons tells where it happens.");
        }

        if (candidate.FileSize > Reference.FileSize)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{candidate.ModelPath} is larger than {Reference.ModelPath}: {candidate.FileSize} against {Reference.FileSize} bytes.");
        }
    }
}
