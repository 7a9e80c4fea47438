using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>What is known where models were tried and one of them was kept.</summary>
/// <param name="Metric">What they were ranked by.</param>
/// <param name="Reason">Why the one was kept.</param>
/// <param name="Float">What the float model scored.</param>
/// <param name="Kept">What the one that was kept scored.</param>
/// <param name="ScoringSamples">How many samples scored.</param>
internal sealed record RankedModels(ModelMetric Metric, Advice Reason, TrialScore Float, TrialScore Kept, int ScoringSamples)
{
    /// <summary>How many of the scoring samples calibrated the kept model too.</summary>
    public int CalibratedScoringSamples { get; init; }

    public static RankedModels Of(SearchResult search) =>
        new(search.Metric, search.Reason, search.FloatScore, search.Best.Score, search.ScoringSamples)
        {
            CalibratedScoringSamples = search.CalibratedScoringSamples
        };

    public static RankedModels Of(PartialResult partial) =>
        new(partial.Metric, partial.Reason, partial.FloatScore, partial.Written.Score, partial.ScoringSamples);
}
