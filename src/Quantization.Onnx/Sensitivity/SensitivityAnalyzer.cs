namespace Quantization.Onnx;

/// <summary>Finds the layers of a model that lose most when quantized, by several measures. Safe to use from several threads.</summary>
public static class SensitivityAnalyzer
{
    /// <summary>Takes the measures that the options name, of every weighted layer that can be quantized.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibration">What calibration saw of it.</param>
    /// <param name="samples">
    /// Samples to score with, other than those that calibrated; with labels if accuracy is to count. They are enumerated once per model
    /// that is run, by several threads at once.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each layer done, by one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; trials that were kept so far stay.</param>
    /// <exception cref="ArgumentException">A name is empty, an option is impossible, or there is no sample.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read, run or quantized, has nothing to quantize, or the calibration was made from another.
    /// </exception>
    /// <exception cref="InvalidDataException">
    /// A sample does not fit the model, the metric cannot be measured, or the kept trials are damaged.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SensitivityResult Analyze(
        OnnxModel model,
        ModelCalibration calibration,
        ISampleSource samples,
        SensitivityOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new SensitivityOptions();
        options.ThrowUnlessPossible();
        TrialModels models = Load(model, calibration, options.Baseline);
        using TrialStore store = TrialStore.Open(options.TrialsPath);
        Func<Microsoft.ML.OnnxRuntime.SessionOptions>? sessions = options.Baseline.SessionOptionsFactory;
        using TrialScorer scorer = TrialScorer.Create(
            models.Model, samples, options.Metric, options.BatchSize, options.Baseline, cancellationToken);
        LayerVariants variants = new(models, models.Plan(options.Baseline));
        Dictionary<string, LayerCost> costs = LayerCosts.Count(models.Model, variants.Layers, samples.First(), sessions);
        (SensitivityMeasure current, int done) = (default, 0);
        return new SensitivityRun(new TrialRunner(models, scorer, store, options.MaxParallelTrials), variants, costs)
            .Take(options.Measures, Report, cancellationToken);

        void Report(SensitivityMeasure measure)
        {
            (current, done) = (measure, measure == current ? done + 1 : 1);
            progress?.Report(new QuantizationProgress(QuantizationStage.Ranking, done, variants.Layers.Count) { Measure = measure });
        }
    }

    /// <summary>Analyzes without blocking the caller: the models run on threads of their own.</summary>
    /// <inheritdoc cref="Analyze"/>
    public static Task<SensitivityResult> AnalyzeAsync(
        OnnxModel model,
        ModelCalibration calibration,
        ISampleSource samples,
        SensitivityOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        LongWork.Run(() => Analyze(model, calibration, samples, options, progress, cancellationToken), cancellationToken);

    /// <summary>Estimates the noise of every weighted layer from statistics alone: no model runs and no data is needed.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibration">What calibration saw of it.</param>
    /// <param name="options">How layers are quantized; null for the defaults.</param>
    /// <returns>The layers in the order in which they run.</returns>
    /// <exception cref="ArgumentException">A name is empty, or an option is impossible.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read or quantized, has nothing to quantize, or the calibration was made from another.
    /// </exception>
    public static IReadOnlyList<LayerNoiseEstimate> EstimateNoise(OnnxModel model, ModelCalibration calibration, PtqOptions? options = null)
    {
        options ??= new PtqOptions();
        TrialModels models = Load(model, calibration, options);
        return [.. SensitivityRun.EstimateNoise(models, new LayerVariants(models, models.Plan(options)))];
    }

    private static TrialModels Load(OnnxModel model, ModelCalibration calibration, PtqOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        FloatModel prepared = StaticInt8Recipe.Load(model, options.SessionOptionsFactory, options.Runtime);
        PostTrainingQuantizer.ThrowUnlessMadeFrom(calibration, prepared);
        return new TrialModels(prepared, calibration);
    }
}
