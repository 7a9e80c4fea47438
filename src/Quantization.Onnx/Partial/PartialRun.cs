namespace Quantization.Onnx;

/// <summary>Scores sets of layers, and remembers those that were scored on all samples.</summary>
internal sealed class PartialRun
{
    private readonly TrialRunner _all;
    private readonly TrialRunner _few;
    private readonly PartialOptions _options;
    private readonly StageReporter _reporter;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<string, (LayerSet Set, TrialScore Score)> _scored = [];
    private readonly List<string> _order = [];
    private (int Tried, int Resumed) _begun;

    /// <param name="baseline">The plan of layers as they are to begin with.</param>
    /// <param name="all">Scores on all samples.</param>
    /// <param name="few">Scores on those that rank; the same where these are all.</param>
    /// <param name="options">The user's options.</param>
    /// <param name="reporter">Reports each model scored.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public PartialRun(
        QuantizationPlan baseline, TrialRunner all, TrialRunner few, PartialOptions options, StageReporter reporter,
        CancellationToken cancellationToken)
    {
        _all = all;
        _few = few;
        _options = options;
        _reporter = reporter;
        _cancellationToken = cancellationToken;
        Baseline = baseline;
        Layers = all.Models.Model.Analysis.WeightedNodes(Baseline);
        MaxFloatLayers = Math.Min(options.MaxFloatLayers ?? int.MaxValue, Layers.Count);
    }

    /// <summary>The plan of layers as they are to begin with.</summary>
    public QuantizationPlan Baseline { get; }

    /// <summary>The layers that can be in float or not, in the order in which they run.</summary>
    public IReadOnlyList<QuantizableNode> Layers { get; }

    /// <summary>The bodies that can be in float or not, by path.</summary>
    public IReadOnlyList<string> Bodies => PlannedBodies.Paths;

    /// <summary>How bodies are quantized at the start.</summary>
    public PlannedBodies PlannedBodies { private get; init; } = PlannedBodies.None;

    /// <summary>How many of the layers may be in float.</summary>
    public int MaxFloatLayers { get; }

    /// <summary>The layers by sensitivity, the most sensitive first.</summary>
    public IReadOnlyList<RankedLayer> Ranking { get; set; } = [];

    public ModelMetric Metric => _all.Scorer.Metric;

    public TrialScore FloatScore => _all.Scorer.FloatScore;

    /// <summary>Every set that was scored on all samples, in the order in which they were.</summary>
    public IEnumerable<(LayerSet Set, TrialScore Score)> Scored => _order.Select(key => _scored[key]);

    /// <summary>Orders scores on all samples: positive where <paramref name="left"/> is better.</summary>
    public int Compare(TrialScore left, TrialScore right) => new TrialSelector(Metric, FloatScore).Compare(left, right);

    /// <summary>Orders scores of candidates by the figure that ranks layers: positive where <paramref name="left"/> is better.</summary>
    public int CompareCandidates(TrialScore left, TrialScore right)
    {
        int order = _options.Criterion switch
        {
            SensitivityCriterion.Metric => Metric.Compare(left.Score, right.Score),
            SensitivityCriterion.Cosine => left.Cosine.CompareTo(right.Cosine),
            SensitivityCriterion.KullbackLeibler => Nullable.Compare(right.KullbackLeibler, left.KullbackLeibler),
            _ => 0,
        };
        return order != 0 ? order : left.SignalToNoise.CompareTo(right.SignalToNoise);
    }

    /// <summary>How many different models were tried so far, on all samples or those that rank.</summary>
    public int Tried => ModelsRun + ModelsResumed;

    public int ModelsRun => _all.ModelsRun + (_few == _all ? 0 : _few.ModelsRun);

    public int ModelsResumed => _all.ModelsResumed + (_few == _all ? 0 : _few.ModelsResumed);

    /// <summary>Begins a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="models">How many models it will try at most.</param>
    public void Begin(QuantizationStage stage, long models)
    {
        _begun = (Tried, ModelsResumed);
        _reporter.Begin(stage, models);
    }

    /// <summary>The plan of a set.</summary>
    public QuantizationPlan PlanOf(LayerSet set) => PlannedBodies.AddTo(set.ApplyTo(Baseline, _all.Models), set.Bodies);

    /// <summary>The options that give the same model.</summary>
    public PtqOptions OptionsOf(LayerSet set) => set.ApplyTo(_options.Baseline, Baseline);

    /// <summary>Sets with equal keys give the same model.</summary>
    public string KeyOf(LayerSet set) => KeyOf(PlanOf(set));

    /// <summary>Scores sets on all samples, side by side.</summary>
    public TrialScore[] Score(params IReadOnlyList<LayerSet> sets)
    {
        QuantizationPlan[] plans = [.. sets.Select(PlanOf)];
        TrialScore[] scores = _all.Score(plans, Report, _cancellationToken);
        for (int i = 0; i < scores.Length; i++)
        {
            string key = KeyOf(plans[i]);
            if (_scored.TryAdd(key, (sets[i], scores[i])))
            {
                _order.Add(key);
            }
        }

        return scores;
    }

    /// <summary>Scores sets on the samples that rank, side by side.</summary>
    public TrialScore[] ScoreCandidates(IReadOnlyList<LayerSet> sets) => ScoreCandidates([.. sets.Select(PlanOf)]);

    /// <summary>Scores plans on the samples that rank, side by side.</summary>
    public TrialScore[] ScoreCandidates(IReadOnlyList<QuantizationPlan> plans) => _few.Score(plans, Report, _cancellationToken);

    private string KeyOf(QuantizationPlan plan) => _all.Models.Make(plan).Key;

    private void Report() => _reporter.Set(Tried - _begun.Tried, known: ModelsResumed - _begun.Resumed);
}
