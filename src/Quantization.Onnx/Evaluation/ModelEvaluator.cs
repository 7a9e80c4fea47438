using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Measures what quantization costs and what it gains: models side by side on the same samples.</summary>
public static class ModelEvaluator
{
    private static readonly TimeSpan LongestRepetition = TimeSpan.FromSeconds(2);

    /// <summary>Runs several models over the same samples and compares them with the first.</summary>
    /// <param name="referencePath">The model to compare with, usually the float one.</param>
    /// <param name="candidatePaths">The models to compare; their inputs and outputs are called as the reference's.</param>
    /// <param name="samples">The samples; those with a <see cref="ModelSample.Label"/> count for accuracy. Read once, in batches: memory does not grow with their number.</param>
    /// <param name="options">Batch size, threads and the output that holds the logits; null for the defaults.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="OnnxModelException">A model cannot be read or run, or lacks an output of the reference.</exception>
    /// <exception cref="InvalidDataException">There is no sample, one does not fit the models, or a label is no class of the logits.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static EvaluationResult Evaluate(
        string referencePath,
        IReadOnlyList<string> candidatePaths,
        ISampleSource samples,
        EvaluationOptions? options = null,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(referencePath);
        ArgumentNullException.ThrowIfNull(candidatePaths);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new EvaluationOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1, nameof(options));

        List<EvaluatedModel> models = [];
        try
        {
            foreach (string path in candidatePaths.Prepend(referencePath))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (models.Count > 0)
                {
                    options.Probe?.Check(path, ModelFile.Load(path).Model, samples.FirstOrDefault(), cancellationToken);
                }

                models.Add(EvaluatedModel.Load(path, options.SessionOptionsFactory, cancellationToken));
            }

            return Evaluate(models, samples, options, progress, cancellationToken);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    private static EvaluationResult Evaluate(
        List<EvaluatedModel> models, ISampleSource samples, EvaluationOptions options, IProgress<EvaluationProgress>? progress, CancellationToken cancellation)
    {
        EvaluatedModel reference = models[0];
        string logits = GetLogits(models, options);
        int count = 0;
        int labelled = 0;
        int round = 0;
        IReadOnlyList<ModelSample> last = [];
        foreach (IReadOnlyList<ModelSample> batch in SampleBatches.Batch(samples, options.BatchSize, reference.Inputs))
        {
            RunBatch(models, batch, logits, round++, cancellation);
            last = batch;
            count += batch.Count;
            labelled += batch.Count(sample => sample.Label is not null);
            progress?.Report(new EvaluationProgress(count, samples.Count));
        }

        if (count == 0)
        {
            throw new InvalidDataException("There is no sample to evaluate the models on; give at least one.");
        }

        long start = Stopwatch.GetTimestamp();
        using BoundSample input = SampleBinder.Bind(last, reference.Inputs);
        while (reference.Scores.TimedRuns < options.LatencyRuns && Stopwatch.GetElapsedTime(start) < LongestRepetition)
        {
            RunAll(models, input, last[0].Name, round++, cancellation).ForEach(outputs => outputs.Dispose());
        }

        return new EvaluationResult(reference.ToScore(), [.. models.Skip(1).Select(model => model.ToScore())], count, labelled);
    }

    private static string GetLogits(List<EvaluatedModel> models, EvaluationOptions options)
    {
        IReadOnlyList<string> outputs = models[0].OutputNames;
        foreach (EvaluatedModel model in models)
        {
            if (outputs.FirstOrDefault(name => !model.OutputNames.Contains(name)) is string missing)
            {
                throw new OnnxModelException(model.Path, $"the model has no output '{missing}', though {models[0].Path} has; compare models with the same outputs.");
            }
        }

        if (options.Logits is not null && !outputs.Contains(options.Logits))
        {
            throw new OnnxModelException(
                models[0].Path, $"the model has no output '{options.Logits}' to take as logits; its outputs are {string.Join(", ", outputs.Select(name => $"'{name}'"))}.");
        }

        return options.Logits ?? outputs[0];
    }

    private static void RunBatch(List<EvaluatedModel> models, IReadOnlyList<ModelSample> batch, string logits, int round, CancellationToken cancellation)
    {
        using BoundSample input = SampleBinder.Bind(batch, models[0].Inputs);
        List<IDisposableReadOnlyCollection<OrtValue>> outputs = RunAll(models, input, batch[0].Name, round, cancellation);
        try
        {
            for (int output = 0; output < models[0].OutputNames.Count; output++)
            {
                string name = models[0].OutputNames[output];
                for (int i = 0; i < models.Count; i++)
                {
                    Compare(models[i], name, outputs[0][output], outputs[i][output], name == logits ? batch : []);
                }
            }
        }
        finally
        {
            outputs.ForEach(values => values.Dispose());
        }
    }

    /// <summary>Runs each model once, each round beginning with another: what the one before left in the caches then helps each alike.</summary>
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

    private static void Compare(EvaluatedModel model, string name, OrtValue referenceValue, OrtValue value, IReadOnlyList<ModelSample> classified)
    {
        if (!FloatOutput.IsFloat(referenceValue) || !FloatOutput.IsFloat(value))
        {
            return;
        }

        ReadOnlySpan<float> reference = new FloatOutput(referenceValue).Values;
        ReadOnlySpan<float> actual = new FloatOutput(value).Values;
        if (reference.Length != actual.Length)
        {
            throw new OnnxModelException(model.Path, $"output '{name}' has {actual.Length} values where the reference has {reference.Length}; compare models of the same shapes.");
        }

        model.Scores.AddOutput(name, reference, actual);
        long[] shape = WithoutTrailingOnes(referenceValue.GetTensorTypeAndShape().Shape);
        if (classified.Count == 0 || reference.IsEmpty)
        {
            return;
        }

        // [N, classes] and [N, steps, classes]; in maps of features the last axis has no classes.
        if (shape.Length is 2 or 3)
        {
            model.Scores.AddAgreement(reference, actual, (int)shape[^1]);
        }

        CountLabels(model, name, actual, shape, classified);
    }

    private static void CountLabels(EvaluatedModel model, string name, ReadOnlySpan<float> logits, long[] shape, IReadOnlyList<ModelSample> samples)
    {
        for (int i = 0; i < samples.Count; i++)
        {
            if (samples[i].Label is not int label)
            {
                continue;
            }

            string origin = samples[i].LabelOrigin is string line ? $"{line}: {samples[i].Name}" : samples[i].Name;
            if (shape.Length != 2 || shape[0] != samples.Count)
            {
                throw new InvalidDataException(
                    $"{origin}: a label stands for one class, but output '{name}' has shape {SampleShape.Format(shape)} for {samples.Count} samples; accuracy needs one row of logits a sample.");
            }

            int classes = (int)shape[1];
            if (label < 0 || label >= classes)
            {
                throw new InvalidDataException($"{origin}: class {label} does not exist, output '{name}' has {classes} classes, 0 to {classes - 1}; correct the label.");
            }

            model.Scores.AddLabel(logits.Slice(i * classes, classes), label);
        }
    }

    /// <summary>A classifier may give [N, classes, 1, 1].</summary>
    private static long[] WithoutTrailingOnes(long[] shape)
    {
        int rank = shape.Length;
        while (rank > 2 && shape[rank - 1] == 1)
        {
            rank--;
        }

        return shape[..rank];
    }
}
