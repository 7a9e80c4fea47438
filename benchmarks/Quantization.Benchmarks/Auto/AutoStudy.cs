using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Auto;

/// <summary>
/// What <c>auto</c> picks for real models within three sets of budgets each, beside the best row of its own table by a count of its own,
/// and how long it takes beside one calibration and one scoring of each model. <c>docs/studies/auto.md</c> has the table.
/// </summary>
internal static class AutoStudy
{
    /// <summary>Figures so near to each other count as equal.</summary>
    private const double EqualScores = 0.001;

    /// <summary>Times so near to each other count as equal.</summary>
    private const double EqualTimes = 1.05;

    private const double MostBytes = 0.5;

    /// <summary>How much longer than one calibration and one scoring of each model a decision may take.</summary>
    private const double MostTime = 3;

    /// <summary>Prints the table.</summary>
    /// <param name="arguments">
    /// A folder of models and one of samples, or nothing; then the names of the models to look at, or nothing for all.
    /// </param>
    /// <returns>1 where a choice or a time is not as it should be.</returns>
    public static int Run(string[] arguments)
    {
        (string? models, string? samples, string[] names) = arguments is [string first, string second, .. string[] rest]
            && Directory.Exists(first)
            ? (first, second, rest)
            : (null, null, arguments);
        using OwnedFolder scratch = OwnedFolder.CreateTemporary();
        Console.WriteLine(
            "| model, samples to score | budget | picked | figure | best allowed | time | bytes | took | calibrating and scoring | |");
        Console.WriteLine("|---|---|---|---|---:|---:|---:|---:|---:|---|");
        bool isFine = true;
        foreach ((string name, Func<AutoSubject> open) in AutoSubject.All(models, samples, scratch.FullName))
        {
            if (names.Length == 0 || names.Contains(name))
            {
                isFine &= Decide(open());
            }
        }

        return isFine ? 0 : 1;
    }

    private static bool Decide(AutoSubject subject)
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        bool isFine = true;
        string loss = string.Create(CultureInfo.InvariantCulture, $"`--max-loss {subject.MaxLoss}`"),
            bytes = string.Create(CultureInfo.InvariantCulture, $"`--max-bytes {MostBytes}`");
        foreach ((string budget, AutoBudget allowed, ModelMetric? metric) in (ReadOnlySpan<(string, AutoBudget, ModelMetric?)>)
        [
            ("none", new AutoBudget(), subject.Metric),
            (bytes, new AutoBudget { MaxSizeRatio = MostBytes }, subject.Metric),
            (loss, new AutoBudget { MaxLoss = subject.MaxLoss }, subject.LossMetric ?? subject.Metric),
        ])
        {
            StageClock clock = new();
            AutoOptions options = new()
            {
                Budget = allowed,
                Metric = metric,
                CalibrationPath = folder[$"{allowed.GetHashCode():x}.qcal"],
                TrialsPath = folder[$"{allowed.GetHashCode():x}.trials"],
            };
            AutoResult result = AutoQuantizer.Run(
                subject.ModelPath, subject.Calibrating, subject.Scoring, folder["picked.onnx"], options, clock);
            clock.Stop();
            isFine &= Print(subject.Name, budget, result, clock);
        }

        return isFine;
    }

    private static bool Print(string name, string budget, AutoResult result, StageClock clock)
    {
        AutoCandidate? best = FindBest(result), chosen = result.Chosen;
        bool isBest = best is null ? chosen is null : chosen is not null && Gap(best, chosen, result) <= EqualScores;
        TimeSpan needed =
            clock.Of(QuantizationStage.Calibrating) + clock.Of(QuantizationStage.Referencing) + clock.Of(QuantizationStage.ScoringWays);
        double ratio = result.Elapsed / needed;
        bool isQuick = ratio <= MostTime || result.Candidates.All(each => each.Score is null);
        string problem = (isBest, isQuick) switch
        {
            (true, true) => "",
            (false, true) => "not the best",
            (true, false) => "too long",
            _ => "not the best, too long",
        };
        string Figure(AutoCandidate? each) => each?.Score is { } score ? score.Score.ToString("0.0000", CultureInfo.InvariantCulture) : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name}, {result.ScoringSamples} | {budget} | {chosen?.Way.ToString() ?? "none"} | {result.Metric!.Name} {Figure(chosen)}, "
                + $"float {result.FloatScore!.Score:0.0000} | {Figure(best)} | {chosen?.Latency!.Ratio:0.00} | "
                + $"{(double?)chosen?.Bytes / result.FloatBytes:0.00} | {result.Elapsed.TotalSeconds:0.0} s | {needed.TotalSeconds:0.0} s, "
                + $"{ratio:0.0} | {problem} |"));
        foreach (AutoCandidate each in result.Candidates)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"    {each.Way}: {each.Verdict}, {Figure(each)}, {each.Latency?.Ratio:0.00} of the time, "
                    + $"{(double?)each.Bytes / result.FloatBytes:0.00} of the bytes. {each.Reason}"));
        }

        Console.Error.WriteLine($"    {clock}");
        return problem.Length == 0;
    }

    /// <summary>The best row of the table, counted anew: what <c>docs/studies/auto.md</c> says of the choice.</summary>
    private static AutoCandidate? FindBest(AutoResult result)
    {
        AutoBudget budget = result.Budget;
        bool isFree = budget is { MaxLatencyRatio: null, MaxSizeRatio: null, MaxBytes: null };
        AutoCandidate[] within =
        [
            .. result.Candidates.Where(each => each is { Score: not null, Latency: not null }
                && (budget.MaxLoss is not { } loss || each.Loss <= loss)
                && (budget.MaxSizeRatio is not { } size || each.Bytes <= size * result.FloatBytes)
                && (!isFree || (each.Latency.Ratio * EqualTimes <= 1 && each.Bytes < result.FloatBytes))),
        ];
        if (within.Length == 0 || budget.MaxLoss is null)
        {
            return within.MaxBy(each => Upwards(each, result));
        }

        double fastest = within.Min(each => each.Latency!.Ratio);
        return within.Where(each => each.Latency!.Ratio <= fastest * EqualTimes).MaxBy(each => Upwards(each, result));
    }

    /// <summary>By how much less than the best a model scores; a figure above the float model's is luck.</summary>
    private static double Gap(AutoCandidate best, AutoCandidate chosen, AutoResult result) =>
        Upwards(best, result) - Upwards(chosen, result);

    private static double Upwards(AutoCandidate each, AutoResult result)
    {
        double sign = result.Metric!.LargerIsBetter ? 1 : -1;
        return Math.Min(sign * each.Score!.Score, sign * result.FloatScore!.Score);
    }
}
