using System.Diagnostics;
using System.Security.Cryptography;

namespace Quantization.Onnx;

/// <summary>One automatic choice, from the files to the file.</summary>
internal sealed class AutoJob
{
    /// <summary>How many samples the latency is measured on.</summary>
    private const int TimedSamples = 8;

    /// <summary>
    /// Ways that learn from samples run each sample many times. A quarter as many samples teach as score, so that a decision takes a few
    /// times as long as scoring. Fewer than the least would not tell enough.
    /// </summary>
    private const int ScoringForOneKept = 4, LeastKept = 24;

    private readonly OnnxModel _model;
    private readonly ModelOutput _output;
    private readonly AutoOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly StageReporter _reporter;
    private readonly long _start = Stopwatch.GetTimestamp();
    private ResumedCalibration? _calibration;

    public AutoJob(
        OnnxModel model, ModelOutput output, AutoOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        _model = model;
        _output = output;
        _options = options;
        _cancellationToken = cancellationToken;
        _reporter = new StageReporter(value => progress?.Report(value));
    }

    /// <summary>Tries, picks and writes.</summary>
    /// <param name="calibrationSamples">The samples to calibrate on; null to generate inputs.</param>
    /// <param name="scoringSamples">The samples to score with; null to generate inputs.</param>
    public AutoResult Run(ISampleSource? calibrationSamples, ISampleSource? scoringSamples)
    {
        _reporter.Begin(QuantizationStage.Preparing);
        _ = _model.File; // read once for all ways
        _output.Open().Dispose(); // finds out now whether the file can be written, not after the work
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        using TrialStore store = TrialStore.Open(_options.TrialsPath);
        IReadOnlyList<ModelSample> kept = calibrationSamples is null ? []
            : SampleKeeper.Read(_options.Static.Calibration.Limit(calibrationSamples), CountKept(scoringSamples), _cancellationToken);
        IReadOnlyList<ModelSample> timed = scoringSamples is null
            ? GeneratedSamples.Make(_model, _options.SessionOptionsFactory, TimedSamples, _cancellationToken)
            : [.. scoringSamples.Take(TimedSamples)];
        AutoMaker maker = new(_model, _options, _reporter, _cancellationToken);
        IReadOnlyList<AutoTrial> trials = maker.Make(folder, kept, calibrationSamples);
        _calibration = maker.Calibration;

        using TrialScorer? scorer = scoringSamples is null ? null : Score(trials, scoringSamples, store);
        TimeSpan floatLatency = Time(trials, timed);
        return Choose(trials, scorer, floatLatency);
    }

    /// <summary>How many calibration samples plans are improved and weights are rounded by.</summary>
    private static int CountKept(ISampleSource? scoringSamples) => scoringSamples?.Count is { } count
        ? Math.Clamp(count / ScoringForOneKept, LeastKept, PtqOptions.MostRefiningSamples)
        : PtqOptions.MostRefiningSamples;

    /// <summary>Scores what was made, on all processors.</summary>
    private TrialScorer Score(IReadOnlyList<AutoTrial> trials, ISampleSource samples, TrialStore store)
    {
        _reporter.Begin(QuantizationStage.Referencing);
        FloatModel reference = FloatModel.Load(_model, new WeightOnlyOptions().ToRecipe(), _options.SessionOptionsFactory);
        ModelMetric? metric = _options.Metric
            ?? (EmbeddingOutput.Find(_model) is { } embedding ? ModelMetric.EmbeddingCosine(embedding) : null);
        TrialScorer scorer = TrialScorer.Create(reference, samples, metric, _options.BatchSize, _options.Static, _cancellationToken);
        try
        {
            if (_options.Budget.MaxLoss is not null && double.IsInfinity(scorer.FloatScore.Score))
            {
                Advice advice = TargetAdvice.LossOfInfinite(scorer.Metric.Name);
                throw advice.On(new ArgumentException(advice.Message));
            }

            TrialRunner runner = new(new TrialModels(reference, new ModelCalibration(reference.File.Fingerprint, 0, [])), scorer, store, 1);
            AutoTrial[] made = [.. trials.Where(trial => trial.IsMade)];
            _reporter.Begin(QuantizationStage.ScoringWays, made.Length);
            int done = 0;
            SideBySide.ForEach(made, scorer.Parallelism(_options.MaxParallelTrials), Score, _cancellationToken);
            ModelsResumed = runner.ModelsResumed;
            return scorer;

            void Score(AutoTrial trial)
            {
                TrialModel model = new($"auto {HashOf(trial.Path)}", () => OnnxModel.FromFile(trial.Path).File.Model);
                trial.Try(() => trial.Score = runner.Score([model], () => { }, _cancellationToken)[0]);
                lock (made)
                {
                    _reporter.Set(++done, made.Length);
                }
            }
        }
        catch
        {
            scorer.Dispose();
            throw;
        }
    }

    private int ModelsResumed { get; set; }

    /// <summary>Measures the latency of what can be run.</summary>
    /// <returns>The float model's.</returns>
    private TimeSpan Time(IReadOnlyList<AutoTrial> trials, IReadOnlyList<ModelSample> samples)
    {
        _reporter.Begin(QuantizationStage.Measuring);
        using EvaluatedModel reference = EvaluatedModel.Load(_model, _options.SessionOptionsFactory, _cancellationToken);
        List<(AutoTrial Trial, EvaluatedModel Model)> opened = [];
        try
        {
            using BoundSample first = SampleBinder.Bind(samples[0], reference.Inputs);
            foreach (AutoTrial trial in trials.Where(trial => trial.IsMade))
            {
                trial.Try(() =>
                {
                    EvaluatedModel model = EvaluatedModel.Load(trial.Path, _options.SessionOptionsFactory, _cancellationToken);
                    opened.Add((trial, model));
                    model.WarmUp(first, reference.OutputNames, samples[0].Name, _cancellationToken);
                });
            }

            (AutoTrial Trial, EvaluatedModel Model)[] timed = [.. opened.Where(each => each.Trial.IsMade)];
            LatencyComparison[] times = LatencyTurns.Measure(reference, [.. timed.Select(each => each.Model)], samples, _cancellationToken);
            foreach (((AutoTrial trial, EvaluatedModel _), LatencyComparison time) in timed.Zip(times))
            {
                trial.Latency = time;
            }

            return reference.Latencies.Median;
        }
        finally
        {
            opened.ForEach(each => each.Model.Dispose());
        }
    }

    private AutoResult Choose(IReadOnlyList<AutoTrial> trials, TrialScorer? scorer, TimeSpan floatLatency)
    {
        long floatBytes = _model.File.Bytes;
        ModelMetric? metric = scorer?.Metric;
        double floatScore = scorer is null ? double.NaN : AutoTrial.Upwards(metric!, scorer.FloatScore.Score);
        AutoChoice choice = new(_options.Budget, floatScore, floatBytes);
        AutoTrial[] measured = [.. trials.Where(trial => trial.IsMade)];
        AutoRow[] rows = [.. measured.Select(trial => trial.ToRow(metric, floatScore))];
        AutoRow? best = choice.Pick(rows) is { } picked ? rows[picked] : null;
        AutoAdvice words = new(_options.Budget, metric, floatBytes);
        AutoCandidate[] candidates = [.. trials.Select(trial => Describe(trial))];
        AutoRow? nearest = best is not null || rows.Length == 0 ? null : rows.MinBy(choice.DistanceFromBudget);
        return new AutoResult
        {
            Candidates = [.. candidates.Select(each => each.Verdict == AutoVerdict.Chosen ? Write(each, trials) : each)],
            Summary = best is { } won
                ? words.Picked(won)
                : words.NonePicked(nearest, nearest is { } near ? choice.FindExcess(near)!.Value : default),
            Budget = _options.Budget,
            Metric = metric,
            FloatScore = scorer?.FloatScore,
            FloatLatency = floatLatency,
            FloatBytes = floatBytes,
            CalibrationSamples = _calibration?.Calibration.SampleCount ?? 0,
            ScoringSamples = scorer?.Samples ?? 0,
            LabelledSamples = scorer?.Labelled ?? 0,
            ResumedSamples = _calibration?.Resumed ?? 0,
            RestartReason = _calibration?.RestartReason,
            ModelsResumed = ModelsResumed,
            Elapsed = Stopwatch.GetElapsedTime(_start),
        };

        AutoCandidate Describe(AutoTrial trial)
        {
            AutoCandidate told = new()
            {
                Way = trial.Way,
                Model = trial.Model,
                Verdict = AutoVerdict.Failed,
                Reason = AutoAdvice.Failed(trial.Way, trial.Failure ?? "")
            };
            if (!trial.IsMade)
            {
                return trial.Failure is not null
                    ? told
                    : told with { Verdict = AutoVerdict.NothingToQuantize, Reason = AutoAdvice.Nothing(trial.Way) };
            }

            AutoRow row = trial.ToRow(metric, floatScore);
            AutoVerdict verdict = row == best
                ? AutoVerdict.Chosen
                : choice.FindExcess(row) ?? (best is { } other ? choice.Compare(row, other) : AutoVerdict.Failed);
            double loss = floatScore - (trial.Score is null ? double.NaN : AutoTrial.Upwards(metric!, trial.Score.Score));
            return told with
            {
                Verdict = verdict,
                Reason = words.Explain(verdict, row, best),
                Score = trial.Score,
                Loss = double.IsFinite(loss) ? loss : null,
                Latency = trial.Latency,
                Bytes = row.Bytes,
                IsOnFront = choice.IsOnFront(row, rows),
            };
        }
    }

    /// <summary>Writes the model that was picked.</summary>
    private AutoCandidate Write(AutoCandidate chosen, IReadOnlyList<AutoTrial> trials)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _reporter.Begin(QuantizationStage.Writing);
        ModelFile file = OnnxModel.FromFile(trials.Single(trial => trial.Way == chosen.Way).Path).File;
        using OpenOutput opened = _output.Open();
        if (file.IsSplit)
        {
            opened.Write(file.Model, _options.Static.MaxFileBytes);
        }
        else
        {
            opened.Write(file.CopyTo);
        }

        opened.Finish();
        return chosen with { Model = (chosen.Model! with { OutputPath = _output.Name }).WithLatency(chosen.Latency!) };
    }

    private static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
