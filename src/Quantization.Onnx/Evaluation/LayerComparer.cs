using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Compares a float model with its quantized form layer by layer, to find the layer that loses most. Safe to use from several threads.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, a calibration or a plan, so no call is ambiguous.")]
public static class LayerComparer
{
    /// <summary>
    /// Runs both models over samples and compares what every quantized layer computes; then quantizes each layer with weights by itself and
    /// compares the model's outputs.
    /// </summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="calibration">What calibration saw of it.</param>
    /// <param name="samples">
    /// Some samples; a few dozen tell much. They are enumerated once per layer and twice more, by several threads at once.
    /// </param>
    /// <param name="options">How the model is quantized; null for the defaults.</param>
    /// <param name="progress">
    /// Reports each model that went over the samples, by one thread at a time: how many did, and how many will, which is one per weighted
    /// layer and three more.
    /// </param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>The layers in the order in which they run. Memory does not grow with the number of samples.</returns>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">A model cannot be read, run or quantized, or the calibration was made from another.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<LayerNoise> Compare(
        OnnxModel model,
        ModelCalibration calibration,
        ISampleSource samples,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new PtqOptions();
        FloatModel prepared = StaticInt8Recipe.Load(model, options.SessionOptionsFactory, options.Runtime);
        PostTrainingQuantizer.ThrowUnlessMadeFrom(calibration, prepared);
        TrialModels models = new(prepared, calibration);
        return Compare(models, models.Plan(options), samples, options, progress, cancellationToken);
    }

    /// <summary>The same of the model of a plan.</summary>
    /// <param name="model">The float ONNX model.</param>
    /// <param name="plan">The plan, with all parameters: <see cref="PtqResult.Plan"/>.</param>
    /// <param name="samples">Some samples.</param>
    /// <param name="options">How sessions are opened, and whether models are tried in a child process first; null for the defaults.</param>
    /// <param name="progress">Reports each model that went over the samples.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">A model cannot be read or run.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    /// <exception cref="ArgumentException">
    /// There is no sample, or the plan does not fit the model or leaves ranges to calibrators.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IReadOnlyList<LayerNoise> Compare(
        OnnxModel model,
        QuantizationPlan plan,
        ISampleSource samples,
        PtqOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new PtqOptions();
        if (plan.Half is not null)
        {
            throw PlanCheck.Wrong(plan, "is for 16-bit floats, but only layers on codes can be compared; give a plan of int8 layers");
        }

        if (plan.Nodes.Any(node => node.Weights?.Blocks is not null))
        {
            throw PlanCheck.Wrong(
                plan, "has weights in blocks, and only layers of 8 bits are compared; PtqResult.RoundedLayers has their errors");
        }

        IRecipe recipe = RecipeNames.Find(plan);
        FloatModel prepared = FloatModel.Load(model, recipe, options.SessionOptionsFactory).WithScales(plan, recipe);
        PlanCheck.ThrowUnlessFits(plan, prepared, hasObservations: false);
        return Compare(new TrialModels(
            prepared, new ModelCalibration(prepared.File.Fingerprint, 0, [])), plan, samples, options, progress, cancellationToken);
    }

    private static IReadOnlyList<LayerNoise> Compare(
        TrialModels models, QuantizationPlan plan, ISampleSource samples, PtqOptions options, IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        FloatModel model = models.Model;
        // values of bodies cannot be observed
        QuantizableNode[] nodes = [.. plan.Nodes.Select(model.Analysis.Find).Where(node => !node.IsInBody)];
        LayerVariants variants = new(models, plan);
        IReadOnlyList<QuantizableNode> weighted = variants.Layers;
        int done = 0;
        void Done(int more) =>
            progress?.Report(new QuantizationProgress(QuantizationStage.ComparingLayers, done += more, weighted.Count + 3));

        using TrialScorer scorer = TrialScorer.Create(model, samples, ModelMetric.SignalToNoise, 1, options, cancellationToken);
        Done(1);
        using TrialStore store = TrialStore.Open(null);
        TrialRunner runner = new(models, scorer, store, Environment.ProcessorCount);
        ModelProto quantized = models.Write(plan);
        options.Probe?.Check(model.File.Path, quantized, samples.First(), cancellationToken);
        Dictionary<string, SignalEnergies> energies = Accumulate(
            model, quantized, [.. nodes.Select(node => node.Output)], samples, options, cancellationToken);
        Done(2);

        TrialScore[] alone = runner.Score([.. weighted.Select(layer => variants.Only(plan, layer))], () => Done(1), cancellationToken);
        Dictionary<string, double> own = weighted.Zip(alone).ToDictionary(each => each.First.Label, each => each.Second.SignalToNoise);
        return
        [
            .. nodes.Where(node => node.Role != NodeRole.DataMovement).Select(node => new LayerNoise(
                node.Label,
                node.Node.OpType,
                node.Output,
                energies[node.Output].SignalToNoise,
                own.TryGetValue(node.Label, out double ratio) ? ratio : null)),
        ];
    }

    private static Dictionary<string, SignalEnergies> Accumulate(
        FloatModel model, ModelProto quantized, string[] values, ISampleSource samples, PtqOptions options,
        CancellationToken cancellationToken)
    {
        using InferenceSession floats = Open(model, model.Model, values, options);
        using InferenceSession codes = Open(model, quantized, values, options);
        using RunOptions run = new();
        Dictionary<string, SignalEnergies> energies = values.ToDictionary(value => value, _ => default(SignalEnergies));
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, floats.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> expected = floats.Run(run, bound.Inputs, values);
            using IDisposableReadOnlyCollection<OrtValue> actual = codes.Run(run, bound.Inputs, values);
            for (int i = 0; i < values.Length; i++)
            {
                energies[values[i]] = energies[values[i]].With(
                    expected[i].GetTensorDataAsSpan<float>(), actual[i].GetTensorDataAsSpan<float>());
            }
        }

        return energies;
    }

    private static InferenceSession Open(FloatModel model, ModelProto graph, string[] values, PtqOptions options) =>
        ModelSession.Open(model.File.Path, ObservedModel.Of(graph, values), options.SessionOptionsFactory);
}
