using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Finds the best post-training quantization of a model by trying: every combination of calibrators, schemes and granularities, all from one calibration, scored on samples that did not calibrate; then
/// calibrators of single activations. Safe to use from several threads, with different output files.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters", Justification = "The overloads differ in the number of required sample sources, so no call is ambiguous.")]
public static class PtqSearch
{
    /// <summary>Searches with samples that are dealt by <see cref="SampleSplit.Deal"/>: a quarter calibrates, the others score.</summary>
    /// <inheritdoc cref="Run(string, ISampleSource, ISampleSource, string, SearchOptions?, IProgress{SearchProgress}?, CancellationToken)"/>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will meet, with labels if accuracy is to count.</param>
    /// <param name="outputPath">The file to write the best model to.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage, sample and trial, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; a calibration and trials that were kept so far stay.</param>
    public static SearchResult Run(
        string modelPath, ISampleSource samples, string outputPath, SearchOptions? options = null, IProgress<SearchProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(samples);
        return Search(modelPath, calibration, scoring, outputPath, options, progress, cancellationToken);
    }

    /// <summary>Searches with separate samples to calibrate on and to score with.</summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="calibrationSamples">Inputs to calibrate on, like those that the model will meet; labels are not looked at.</param>
    /// <param name="scoringSamples">Other such inputs to score with, with labels if accuracy is to count. They are enumerated once a model that is tried.</param>
    /// <param name="outputPath">The file to write the best model to. It appears whole or not at all; an existing one is replaced only when everything succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage, sample and trial, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; a calibration and trials that were kept so far stay.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, an option is impossible, or there are too few samples.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model, the metric cannot be measured, or the kept calibration or the kept trials are damaged.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SearchResult Run(
        string modelPath,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        string outputPath,
        SearchOptions? options = null,
        IProgress<SearchProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calibrationSamples);
        ArgumentNullException.ThrowIfNull(scoringSamples);
        return Search(modelPath, calibrationSamples, scoringSamples, outputPath, options, progress, cancellationToken);
    }

    private static SearchResult Search(
        string modelPath,
        ISampleSource calibrationSamples,
        ISampleSource scoringSamples,
        string outputPath,
        SearchOptions? options,
        IProgress<SearchProgress>? progress,
        CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        options ??= new SearchOptions();
        options.ThrowUnlessPossible();
        PostTrainingQuantizer.ThrowUnlessPaths(modelPath, outputPath);
        SearchReporter reporter = new(progress);
        FloatModel model = StaticInt8Recipe.Load(modelPath, options.SessionOptionsFactory, options.Baseline.Runtime);
        AtomicFile.Create(outputPath).Dispose(); // finds out now whether the file can be written, not after the work

        using TrialStore store = TrialStore.Open(options.TrialsPath);

        reporter.Begin(SearchStage.Calibrating, calibrationSamples.Count);
        SynchronousProgress<QuantizationProgress> samplesDone = new(value => reporter.Sample(value.Completed, value.Total));
        ResumedCalibration resumed = ResumableCalibration.Run(
            model, calibrationSamples, new CalibrationOptions { SessionOptionsFactory = options.SessionOptionsFactory }, options.CalibrationPath, samplesDone, cancellationToken);
        ModelCalibration calibration = resumed.Calibration;

        reporter.Begin(SearchStage.Referencing);
        using TrialScorer scorer = TrialScorer.Create(model, scoringSamples, options.Metric, options.BatchSize, options.Baseline, cancellationToken);
        TrialModels models = new(model, calibration);
        TrialRunner runner = new(models, scorer, store, options.MaxParallelTrials);
        void Report(SearchTrial trial) => reporter.Trial(trial, scorer.Metric);

        List<TrialCandidate> combinations = [.. TrialGrid.Combine(options).Select(combination => new TrialCandidate(combination, models.Plan(combination)))];
        reporter.Begin(SearchStage.Trying, combinations.Count);
        List<SearchTrial> trials = [.. runner.Try(combinations, Report, cancellationToken)];
        SearchTrial baseline = trials[0];
        TrialSelector selector = new(scorer.Metric, scorer.FloatScore);
        SearchTrial[] combined = [.. trials];
        SearchTrial best = selector.Best(combined);

        List<TrialCandidate> exchanges = PerTensorRefinement.Plan(runner, best, options.ActivationCalibrators, options.PerTensorTrials);
        reporter.Begin(SearchStage.Refining, exchanges.Count);
        SearchTrial[] exchanged = runner.Try(exchanges, Report, cancellationToken);
        trials.AddRange(exchanged);
        SearchTrial refined = PerTensorRefinement.Adopt(runner, selector, best, exchanged, trials, Report, cancellationToken);

        reporter.Begin(SearchStage.Writing);
        PtqResult written = new RecipeRunner(refined.Options, null, cancellationToken).Write(model, refined.Plan!, calibration, outputPath);
        return new SearchResult
        {
            Model = written,
            Best = refined,
            Reason = selector.Explain(combined, isRefined: refined != best),
            Baseline = baseline,
            Trials = trials,
            FloatScore = scorer.FloatScore,
            Metric = scorer.Metric,
            Calibration = calibration,
            ResumedSamples = resumed.Resumed,
            RestartReason = resumed.RestartReason,
            ScoringSamples = scorer.Samples,
            LabelledSamples = scorer.Labelled,
            Elapsed = Stopwatch.GetElapsedTime(start),
        };
    }
}
