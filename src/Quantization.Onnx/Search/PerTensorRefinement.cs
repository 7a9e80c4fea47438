namespace Quantization.Onnx;

/// <summary>
/// Gives single activations calibrators of their own. First, from the best combination, one activation at a time takes the range of another
/// calibrator, and the model is measured; activations whose calibrators disagree most come first. Then the changes that helped are adopted
/// together, the most helpful first, each only if the model with it measures better than without.
/// </summary>
internal static class PerTensorRefinement
{
    /// <summary>
    /// Ranges whose ends differ by less than this share of their width are taken as equal: a quarter of a step of 8 bits.
    /// </summary>
    private const double MinDifference = 1.0 / 1024;

    /// <summary>The models to try: each with one activation's calibrator exchanged.</summary>
    public static List<TrialCandidate> Plan(TrialRunner runner, SearchTrial best, IReadOnlyList<ICalibrator> calibrators, int limit)
    {
        TrialCandidate start = new(best.Options, best.Plan!);
        IReadOnlyDictionary<string, CalibrationResult> current = runner.Models.ChooseRanges(start.Plan);
        Dictionary<string, List<(ICalibrator Calibrator, ValueRange Range)>> alternatives = current.Keys.ToDictionary(
            name => name, _ => new List<(ICalibrator, ValueRange)>());
        foreach (ICalibrator calibrator in calibrators)
        {
            foreach ((string name, CalibrationResult result) in runner.Models.ChooseRanges(start.WithForAll(calibrator).Plan))
            {
                bool isNew = Differs(result.Range, current[name].Range)
                    && alternatives[name].TrueForAll(other => Differs(result.Range, other.Range));
                if (isNew)
                {
                    alternatives[name].Add((calibrator, result.Range));
                }
            }
        }

        foreach ((string name, List<(ICalibrator Calibrator, ValueRange Range)> others) in alternatives)
        {
            others.Sort((a, b) => Disagreement(a.Range, current[name].Range).CompareTo(Disagreement(b.Range, current[name].Range)));
        }

        // The mildest alternative of each activation, then the next of each: the first tries then cover the whole model.
        return [.. alternatives
            .SelectMany(each => each.Value.Select((other, round) => (each.Key, other.Calibrator, Round: round, Spread: each.Value.Max(
                one => Disagreement(one.Range, current[each.Key].Range)))))
            .OrderBy(each => each.Round)
            .ThenByDescending(each => each.Spread)
            .ThenBy(each => each.Key, StringComparer.Ordinal)
            .Take(limit)
            .Select(each => start.With(each.Key, each.Calibrator))];
    }

    /// <summary>Adopts what helped, step by step.</summary>
    public static SearchTrial Adopt(
        TrialRunner runner, TrialSelector selector, SearchTrial start, IEnumerable<SearchTrial> tried, List<SearchTrial> trials,
        Action<SearchTrial> report, CancellationToken cancellationToken)
    {
        SearchTrial best = start;
        foreach (SearchTrial helpful in tried
            .Where(trial => selector.Improves(trial.Score, start.Score))
            .OrderByDescending(trial => trial.Score, Comparer<TrialScore>.Create(selector.Compare))
            .ToList())
        {
            (string name, ICalibrator calibrator) =
                helpful.Options.OwnCalibrators.Single(own => !start.Options.OwnCalibrators.ContainsKey(own.Key));
            if (best.Options.OwnCalibrators.ContainsKey(name))
            {
                continue;
            }

            if (ReferenceEquals(best, start))
            {
                best = helpful;
                continue;
            }

            SearchTrial next = runner.Try(
                [new TrialCandidate(best.Options, best.Plan!).With(name, calibrator)], report, cancellationToken)[0];
            trials.Add(next);
            best = selector.Improves(next.Score, best.Score) ? next : best;
        }

        return best;
    }

    private static bool Differs(ValueRange a, ValueRange b) => Disagreement(a, b) > MinDifference;

    /// <summary>How far the ends of two ranges lie apart, as a share of the wider one.</summary>
    private static double Disagreement(ValueRange a, ValueRange b)
    {
        double width = Math.Max((double)a.Max - a.Min, (double)b.Max - b.Min);
        return width == 0 ? 0 : (Math.Abs((double)a.Min - b.Min) + Math.Abs((double)a.Max - b.Max)) / width;
    }
}
