using System.Collections.Concurrent;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Makes quantized models of one float model and one calibration, in memory, and scores them. Models that come out the same are scored once.</summary>
internal sealed class TrialRunner(FloatModel model, ModelCalibration calibration, TrialScorer scorer, int maxParallelTrials)
{
    private readonly GraphIndex _graph = new(model.Model.Graph);
    private readonly ActivationRangeCache _ranges = new();
    private readonly WeightRanges _weightRanges = new();
    private readonly ConcurrentDictionary<string, Lazy<TrialScore>> _scores = [];
    private readonly Dictionary<string, string> _firstNames = [];

    /// <summary>What options quantize.</summary>
    public QuantizationPlan Plan(PtqOptions options) => Planner.Plan(_graph, options.FloatNodes.Contains);

    /// <summary>The model that options give.</summary>
    public ModelProto Write(PtqOptions options) => Write(options, ChooseParameters(options));

    /// <summary>The range of each activation that is calibrated for itself, by name.</summary>
    public IReadOnlyDictionary<string, CalibrationResult> ChooseRanges(PtqOptions options)
    {
        QuantizationPlan plan = Plan(options);
        HashSet<string> sources = [.. plan.Activations.Values];
        return ActivationRanges.Choose(model.File.Path, plan, calibration, options, _ranges).Where(each => sources.Contains(each.Key)).ToDictionary();
    }

    /// <summary>Tries models side by side. The result is the same at any parallelism.</summary>
    /// <param name="options">What to try.</param>
    /// <param name="report">Told of each finished trial, one at a time.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public SearchTrial[] Try(IReadOnlyList<PtqOptions> options, Action<SearchTrial> report, CancellationToken cancellationToken)
    {
        (string Key, TrialScore Score)[] scores = new (string, TrialScore)[options.Count];
        Lock reporting = new();
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = maxParallelTrials, CancellationToken = cancellationToken };
        Parallel.ForEachAsync(Enumerable.Range(0, options.Count), parallel, (i, stopped) =>
        {
            scores[i] = Score(options[i], stopped);
            lock (reporting)
            {
                report(new SearchTrial(SearchTrial.NameOf(options[i]), options[i], scores[i].Score, null));
            }

            return ValueTask.CompletedTask;
        }).GetAwaiter().GetResult();

        SearchTrial[] trials = new SearchTrial[options.Count];
        for (int i = 0; i < trials.Length; i++)
        {
            string name = SearchTrial.NameOf(options[i]);
            string? sameAs = _firstNames.TryAdd(scores[i].Key, name) ? null : _firstNames[scores[i].Key];
            trials[i] = new SearchTrial(name, options[i], scores[i].Score, sameAs);
        }

        return trials;
    }

    private (string Key, TrialScore Score) Score(PtqOptions options, CancellationToken cancellationToken)
    {
        Dictionary<string, QuantizationParameters> parameters = ChooseParameters(options);
        string key = KeyOf(options, parameters);
        return (key, _scores.GetOrAdd(key, _ => new Lazy<TrialScore>(() => scorer.Score(Write(options, parameters), cancellationToken))).Value);
    }

    private Dictionary<string, QuantizationParameters> ChooseParameters(PtqOptions options) =>
        ActivationRanges.Choose(model.File.Path, Plan(options), calibration, options, _ranges).ToDictionary(each => each.Key, each => ActivationRanges.ToParameters(each.Value, options));

    private ModelProto Write(PtqOptions options, Dictionary<string, QuantizationParameters> parameters) =>
        QdqWriter.Write(model, _graph, Plan(options), parameters, options, _weightRanges);

    /// <summary>Options with equal keys give the same model, whatever calibrators led there.</summary>
    private static string KeyOf(PtqOptions options, Dictionary<string, QuantizationParameters> parameters) => string.Join(
        '\n',
        parameters.OrderBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => FormattableString.Invariant($"{each.Key} {each.Value.Scales[0]:R} {each.Value.ZeroPoints[0]}"))
            .Concat(options.FloatNodes.Order(StringComparer.Ordinal))
            .Append($"{options.WeightGranularity} {options.WeightCalibrator.Name} {options.WeightFormat} {options.ActivationFormat}"));
}
