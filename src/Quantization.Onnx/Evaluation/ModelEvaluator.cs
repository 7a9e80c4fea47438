using System.Diagnostics;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Measures what quantization costs and what it gains: models side by side on the same samples.</summary>
public static class ModelEvaluator
{
    private static readonly TimeSpan LongestRepetition = TimeSpan.FromSeconds(2);

    /// <summary>Runs several models over the same samples and compares them with the first.</summary>
    /// <param name="reference">The model to compare with, usually the float one.</param>
    /// <param name="candidates">The models to compare; their inputs and outputs are called as the reference's.</param>
    /// <param name="samples">
    /// The samples; those with a <see cref="ModelSample.Label"/> count for accuracy. Read once, in batches: memory does not grow with their
    /// number.
    /// </param>
    /// <param name="options">
    /// Batch size, threads, the output that holds the logits and custom metrics; null for the defaults.
    /// </param>
    /// <param name="progress">Reports after each batch.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="OnnxModelException">A model cannot be read or run, or lacks an output of the reference.</exception>
    /// <exception cref="InvalidDataException">There is no sample, one does not fit the models, a label is no class of the logits, or a
    /// metric that was asked for cannot be measured.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static EvaluationResult Evaluate(
        OnnxModel reference,
        IReadOnlyList<OnnxModel> candidates,
        ISampleSource samples,
        EvaluationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new EvaluationOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1, nameof(options));
        if (options.Metrics is null || options.Metrics.Contains(null!))
        {
            throw new ArgumentException(
                "EvaluationOptions.Metrics is null or holds null; name metrics, or leave the list empty.", nameof(options));
        }

        List<EvaluatedModel> models = [];
        try
        {
            foreach (OnnxModel model in candidates.Prepend(reference))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (models.Count > 0)
                {
                    options.Probe?.Check(model.Name, model.File.Model, samples.FirstOrDefault(), cancellationToken);
                }

                models.Add(EvaluatedModel.Load(model, options.SessionOptionsFactory, cancellationToken));
            }

            return Evaluate(models, samples, options, progress, cancellationToken);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    /// <summary>Evaluates without blocking the caller: the models run on a thread of their own.</summary>
    /// <inheritdoc
    ///     cref="Evaluate(OnnxModel, IReadOnlyList{OnnxModel}, ISampleSource, EvaluationOptions?, IProgress{QuantizationProgress}?,
    ///     CancellationToken)"/>
    public static Task<EvaluationResult> EvaluateAsync(
        OnnxModel reference,
        IReadOnlyList<OnnxModel> candidates,
        ISampleSource samples,
        EvaluationOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        LongWork.Run(() => Evaluate(reference, candidates, samples, options, progress, cancellationToken), cancellationToken);

    private static EvaluationResult Evaluate(
        List<EvaluatedModel> models, ISampleSource samples, EvaluationOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellation)
    {
        ThrowUnlessComparable(models, options);
        FigureKeeper[] keepers = [.. models.Select(model => new FigureKeeper(model.Path, options.Logits, options.Metrics))];
        try
        {
            return Evaluate(models, keepers, samples, options, progress, cancellation);
        }
        finally
        {
            Array.ForEach(keepers, keeper => keeper.Dispose());
        }
    }

    private static EvaluationResult Evaluate(
        List<EvaluatedModel> models,
        FigureKeeper[] keepers,
        ISampleSource samples,
        EvaluationOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellation)
    {
        EvaluatedModel reference = models[0];
        int count = 0;
        int labelled = 0;
        int round = 0;
        IReadOnlyList<ModelSample> last = [];
        IReadOnlyList<ModelSample> first = [];
        bool areAlike = true;
        MachineLoad load = new();
        foreach (IReadOnlyList<ModelSample> batch in SampleBatches.Batch(samples, options.BatchSize, reference.Inputs))
        {
            RunBatch(models, keepers, batch, round++, cancellation);
            areAlike &= last.Count == 0 || HaveSameShapes(first, last); // the last batch may be smaller
            first = last.Count == 0 ? batch : first;
            last = batch;
            count += batch.Count;
            labelled += batch.Count(sample => sample.Label is not null);
            progress?.Report(new QuantizationProgress(QuantizationStage.Evaluating, count, samples.Count));
        }

        if (count == 0)
        {
            throw new InvalidDataException("There is no sample to evaluate the models on; give at least one.");
        }

        IReadOnlyList<MetricFigure>[] metrics = [.. keepers.Select(keeper => keeper.Finish())];
        long start = Stopwatch.GetTimestamp();
        using BoundSample input = SampleBinder.Bind(last, reference.Inputs);
        while (reference.Latencies.TimedRuns < options.LatencyRuns && Stopwatch.GetElapsedTime(start) < LongestRepetition)
        {
            RunAll(models, input, last[0].Name, round++, cancellation).ForEach(outputs => outputs.Dispose());
        }

        ModelScore[] scores =
        [
            .. models.Select((model, i) => new ModelScore(
                model.Path,
                model.FileSize,
                keepers[i].Figures,
                metrics[i],
                keepers[i].Outputs,
                model.Latencies.Median,
                model.Latencies.TimedRuns) { LatencySpread = areAlike ? model.Latencies.Spread : null }),
        ];
        return new EvaluationResult(scores[0], scores[1..], count, labelled)
        {
            UncountedLabels = keepers[0].UncountedLabels,
            Classes = keepers[0].Classes,
            OtherLoad = load.Others,
        };
    }

    /// <summary>Whether two batches take the same time by their shapes: otherwise times differ for more causes than the machine.</summary>
    private static bool HaveSameShapes(IReadOnlyList<ModelSample> one, IReadOnlyList<ModelSample> other) =>
        one.Count == other.Count && ShapesOf(one[0]) == ShapesOf(other[0]);

    private static string ShapesOf(ModelSample sample)
    {
        StringBuilder shapes = new();
        foreach (SampleTensor input in sample.Inputs)
        {
            shapes.Append(SampleShape.Format(input.Shape));
        }

        return shapes.ToString();
    }

    private static void ThrowUnlessComparable(List<EvaluatedModel> models, EvaluationOptions options)
    {
        IReadOnlyList<string> outputs = models[0].OutputNames;
        foreach (EvaluatedModel model in models)
        {
            if (outputs.FirstOrDefault(name => !model.OutputNames.Contains(name)) is string missing)
            {
                throw new OnnxModelException(
                    model.Path, $"the model has no output '{missing}', though {models[0].Path} has; compare models with the same outputs.");
            }
        }

        if (options.Logits is not null && !outputs.Contains(options.Logits))
        {
            throw new OnnxModelException(
                models[0].Path, $"the model has no output '{options.Logits}' to take as logits; its outputs are "
                    + $"{string.Join(", ", outputs.Select(name => $"'{name}'"))}.");
        }
    }

    private static void RunBatch(
        List<EvaluatedModel> models, FigureKeeper[] keepers, IReadOnlyList<ModelSample> batch, int round, CancellationToken cancellation)
    {
        using BoundSample input = SampleBinder.Bind(batch, models[0].Inputs);
        List<IDisposableReadOnlyCollection<OrtValue>> outputs = RunAll(models, input, batch[0].Name, round, cancellation);
        try
        {
            List<ComparedOutput>[] compared = Compare(models, outputs);
            for (int i = 0; i < models.Count; i++)
            {
                keepers[i].Add(batch, compared[i]);
            }
        }
        finally
        {
            outputs.ForEach(values => values.Dispose());
        }
    }

    /// <summary>The outputs of floats of each model beside the first model's.</summary>
    private static List<ComparedOutput>[] Compare(List<EvaluatedModel> models, List<IDisposableReadOnlyCollection<OrtValue>> outputs)
    {
        List<ComparedOutput>[] compared = [.. models.Select(_ => new List<ComparedOutput>())];
        foreach ((int index, string name) in models[0].OutputNames.Index())
        {
            OrtValue expected = outputs[0][index];
            if (!FloatOutput.IsFloat(expected))
            {
                continue;
            }

            long[] shape = expected.GetTensorTypeAndShape().Shape;
            FloatOutput reference = new(expected);
            for (int i = 0; i < models.Count; i++)
            {
                OrtValue value = outputs[i][index];
                if (FloatOutput.IsFloat(value))
                {
                    FloatOutput actual = i == 0 ? reference : new FloatOutput(value);
                    compared[i].Add(new ComparedOutput(models[i].Path, name, shape, reference, actual));
                }
            }
        }

        return compared;
    }

    /// <summary>
    /// Runs each model once, each round beginning with another: what the one before left in the caches then helps each alike.
    /// </summary>
    private static List<IDisposableReadOnlyCollection<OrtValue>> RunAll(
        List<EvaluatedModel> models, BoundSample input, string sampleName, int round, CancellationToken cancellation)
    {
        IDisposableReadOnlyCollection<OrtValue>?[] outputs = new IDisposableReadOnlyCollection<OrtValue>?[models.Count];
        try
        {
            for (int turn = 0; turn < models.Count; turn++)
            {
                cancellation.ThrowIfCancellationRequested();
                int i = (round + turn) % models.Count;
                outputs[i] = models[i].Run(input, models[0].OutputNames, sampleName, cancellation);
            }

            return [.. outputs.Select(values => values!)];
        }
        catch
        {
            foreach (IDisposableReadOnlyCollection<OrtValue>? values in outputs)
            {
                values?.Dispose();
            }

            throw;
        }
    }
}
