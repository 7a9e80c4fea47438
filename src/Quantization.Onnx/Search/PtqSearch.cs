using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Finds the best post-training quantization of a model by trying: calibrators and schemes of activations, then calibrators and
/// granularities of weights, all from one calibration, scored on samples that did not calibrate; then calibrators of single activations,
/// then refinements of the best plan. Paired tests decide, and between plans that they cannot distinguish the simpler is taken. Safe to use
/// from several threads, with different output files.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in the number of required sample sources, so no call is ambiguous.")]
public static class PtqSearch
{
    /// <summary>
    /// A search puts accuracy first: each halving of the loss may take so much of the multiply-accumulates from the integers.
    /// </summary>
    private const double CostOfHalving = 0.25;

    /// <summary>So many of the samples that score calibrate the improved plan too.</summary>
    private const int MaxScoringSamples = 256;

    /// <summary>
    /// Searches with samples that are dealt by <see cref="SampleSplit.Deal(ISampleSource)"/>: half of the first 256 calibrate and a quarter
    /// of all behind, the others score.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, SearchOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will see in use, with labels if accuracy is to count.</param>
    /// <param name="output">Where to write the best model: a path, or a stream.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage, sample and trial, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; a calibration and trials that were kept so far stay.</param>
    public static SearchResult Run(
        OnnxModel model, ISampleSource samples, ModelOutput output, SearchOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(samples);
        return Search(model, calibration, scoring, output, options, progress, cancellationToken);
    }

    /// <summary>Searches with separate samples to calibrate on and to score with.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibrationSamples">Inputs to calibrate on, like those that the model will see in use; labels are ignored.</param>
    /// <param name="scoringSamples">
    /// Other such inputs to score with, with labels if accuracy is to count. They are enumerated once per model that is tried.
    /// </param>
    /// <param name="output">
    /// Where to write the best model: a path, or a stream. It appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each stage, sample and trial, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; a calibration and trials that were kept so far stay.</param>
    /// <exception cref="ArgumentException">
    /// A name is empty, the output is the model itself, an option is impossible, or there are too few samples.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model, the metric cannot be measured, or the kept calibration or the kept trials are damaged.
    /// </exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SearchResult Run(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        SearchOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibrationSamples);
        ArgumentNullException.ThrowIfNull(scoringSamples);
        return Search(model, calibrationSamples, scoringSamples, output, options, progress, cancellationToken);
    }

    /// <summary>
    /// Searches without blocking the caller: the work runs on threads of its own, and a stream is written to at the end, asynchronously.
    /// </summary>
    /// <inheritdoc
    ///     cref="Run(OnnxModel, ISampleSource, ISampleSource, ModelOutput, SearchOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<SearchResult> RunAsync(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        SearchOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        return LongWork.RunAsync(
            output,
            opened => Run(model, calibrationSamples, scoringSamples, opened, options, progress, cancellationToken),
            cancellationToken);
    }

    private static SearchResult Search(
        OnnxModel model,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        ModelOutput output,
        SearchOptions? options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        options ??= new SearchOptions();
        options.ThrowUnlessPossible();
        PostTrainingQuantizer.ThrowUnlessApart(model, output);
        SearchReporter reporter = new(progress);
        FloatModel prepared = FloatModel.Load(model, new StaticInt8Recipe(options.Baseline), options.SessionOptionsFactory);
        output.Open().Dispose(); // finds out now whether the file can be written, not after the work

        using TrialStore store = TrialStore.Open(options.TrialsPath);

        reporter.Begin(QuantizationStage.Calibrating, options.Baseline.Calibration.Limit(calibrationSamples).Count);
        SynchronousProgress<QuantizationProgress> samplesDone = new(value => reporter.Sample(value.Completed, value.Total));
        ResumedCalibration resumed = ResumableCalibration.Run(
            prepared, options.Baseline.Calibration.Limit(calibrationSamples), options.Baseline.Calibration with
            {
                SessionOptionsFactory = options.SessionOptionsFactory,
                Runtime = options.Baseline.Runtime,
                Place = options.Baseline.Place
            }, options.CalibrationPath, samplesDone, cancellationToken);
        ModelCalibration calibration = resumed.Calibration;

        reporter.Begin(QuantizationStage.Referencing);
        using TrialScorer scorer = TrialScorer.Create(
            prepared, scoringSamples, options.Metric, options.BatchSize, options.Baseline, cancellationToken);
        TrialModels models = new(prepared, calibration);
        TrialRunner runner = new(models, scorer, store, options.MaxParallelTrials);
        void Report(SearchTrial trial) => reporter.Trial(trial, scorer.Metric);

        List<SearchTrial> trials = [];
        TrialSelector selector = new(scorer.Metric, scorer.FloatScore);
        Combine(TrialGrid.Activations(options));
        SearchTrial baseline = trials[0];
        Combine(TrialGrid.Weights(options, selector.Best(trials).Options));
        SearchTrial[] combined = [.. trials];
        SearchTrial best = selector.Best(combined);

        List<TrialCandidate> exchanges = PerTensorRefinement.Plan(runner, best, options.ActivationCalibrators, options.PerTensorTrials);
        reporter.Begin(QuantizationStage.Refining, exchanges.Count);
        SearchTrial[] exchanged = runner.Try(exchanges, Report, cancellationToken);
        trials.AddRange(exchanged);
        SearchTrial refined = PerTensorRefinement.Adopt(runner, selector, best, exchanged, trials, Report, cancellationToken);

        RefinedModel chosen = new(prepared, calibration, refined.Plan!);
        bool isImproved = false;
        IEnumerable<RefinedModel> others = options.Baseline.Refine && refined.Plan!.Nodes.Length > 0
            ? Improve(prepared, calibration, refined, calibrationSamples, scoringSamples, options, reporter, cancellationToken)
            : [];
        foreach (RefinedModel improved in others)
        {
            TrialRunner improvedRunner = new(improved.Models, scorer, store, options.MaxParallelTrials);
            SearchTrial trial = improvedRunner.Try(
                [new TrialCandidate(refined.Options, improved.Plan) { IsImproved = true }], Report, cancellationToken)[0];
            trials.Add(trial);

            // What improves the plan was tested on samples that it was not fitted to; the other is the luckiest of many. Without scaled
            // channels the improved plan is simpler.
            if (!selector.IsWorse(trial.Score, refined.Score))
            {
                (refined, chosen, isImproved) = (trial, improved, true);
            }
        }

        if (prepared.Bodies.Count > 0)
        {
            reporter.Begin(QuantizationStage.Trying, options.ActivationCalibrators.Count);
            SearchTrial[] bodies = new TrialRunner(chosen.Models, scorer, store, options.MaxParallelTrials).Try(
                TryBodies(
                    chosen.Model, refined, isImproved, options.Baseline.Calibration.Limit(calibrationSamples), options, cancellationToken),
                Report,
                cancellationToken);
            trials.AddRange(bodies);
            refined = selector.Best(bodies);
        }

        reporter.Begin(QuantizationStage.Writing);
        using OpenOutput opened = output.Open();
        PtqResult written = new RecipeRunner(refined.Options, null, cancellationToken)
            .Write(chosen.Model, refined.Plan!, chosen.Calibration, opened) with
        {
            Calibration = calibration,
            Refinement = chosen.Refinement,
        };
        opened.Finish();
        return new SearchResult
        {
            Model = written,
            Best = refined,
            Reason = selector.Explain(combined, refined.Options.OwnCalibrators.Count > best.Options.OwnCalibrators.Count, isImproved),
            Baseline = baseline,
            Trials = trials,
            CalibratedScoringSamples = isImproved ? (int)Math.Min(MaxScoringSamples, scorer.Samples) : 0,
            FloatScore = scorer.FloatScore,
            Metric = scorer.Metric,
            Calibration = calibration,
            ResumedSamples = resumed.Resumed,
            RestartReason = resumed.RestartReason,
            ScoringSamples = scorer.Samples,
            LabelledSamples = scorer.Labelled,
            Elapsed = Stopwatch.GetElapsedTime(start),
        };

        void Combine(IEnumerable<PtqOptions> combinations)
        {
            List<TrialCandidate> candidates =
                [.. combinations.Select(combination => new TrialCandidate(combination, models.Plan(combination)))];
            reporter.Begin(QuantizationStage.Trying, candidates.Count);
            trials.AddRange(runner.Try(candidates, Report, cancellationToken));
        }
    }

    /// <summary>The best plan with int8 in branches and loops, once for each calibrator.</summary>
    private static List<TrialCandidate> TryBodies(
        FloatModel model, SearchTrial best, bool isImproved, ISampleSource samples, SearchOptions options,
        CancellationToken cancellationToken)
    {
        using BodySampler sampler = BodySampler.Fill(
            model, samples, options.SessionOptionsFactory, ModelStore.LargestInMemory, cancellationToken);
        return
        [
            .. options.ActivationCalibrators.Prepend(best.Options.ActivationCalibrator).DistinctBy(calibrator => calibrator.Name)
                .Select(calibrator => new TrialCandidate(
                    best.Options,
                    new BodyPlanner(best.Options with { ActivationCalibrator = calibrator }, ModelStore.LargestInMemory, cancellationToken)
                        .Plan(model, sampler).AddTo(best.Plan!)) { IsImproved = isImproved, BodyCalibrator = calibrator }),
        ];
    }

    /// <summary>
    /// Improves the best plan, with scaled channels and without: which is better for what follows shows only at the end. What was chosen by
    /// samples that did not calibrate is made from all of them, as long as each still tells something new: ranges, and what is fitted,
    /// become the better the more samples there are.
    /// </summary>
    private static IEnumerable<RefinedModel> Improve(
        FloatModel model,
        ModelCalibration calibration,
        SearchTrial best,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        SearchOptions options,
        SearchReporter reporter,
        CancellationToken cancellationToken)
    {
        CalibrationOptions calibrating = options.Baseline.Calibration with
        {
            SessionOptionsFactory = options.SessionOptionsFactory,
            Runtime = options.Baseline.Runtime,
            Place = options.Baseline.Place
        };
        SampleKeeper keeper = new(SampleSource.FromEnumerable(scoringSamples.Take(MaxScoringSamples)), options.Baseline.RefiningSamples);
        reporter.Begin(QuantizationStage.Improving);
        ModelCalibration whole = CalibrationRun.Run(model, keeper, calibrating, null, cancellationToken);
        whole.Merge(calibration);
        ModelSample[] samples =
        [
            .. SampleKeeper.Read(calibrating.Limit(calibrationSamples), options.Baseline.RefiningSamples, cancellationToken),
            .. keeper.Kept
        ];
        foreach (bool scaleChannels in (bool[])[true, false])
        {
            RefinedModel improved = PlanRefiner.RefineWhereSamplesSuffice(
                new RefinedModel(model, whole, best.Plan!),
                new StaticInt8Recipe(best.Options),
                samples,
                options.Baseline with { CostOfHalving = CostOfHalving, ScaleChannels = scaleChannels },
                () => { },
                cancellationToken);
            if (improved.Refinement is null)
            {
                yield break;
            }

            yield return improved;
            if (improved.Plan.ChannelScalings.IsEmpty)
            {
                yield break; // without them it would be the same
            }
        }
    }
}
