using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Compares any two models with the same inputs and outputs, whoever made them: accuracy, agreement and ratios of their outputs, latency,
/// size, memory, and layer by layer where their layers correspond. Safe to use from several threads; latency and memory then count the
/// others' work too.
/// </summary>
public static class ModelComparer
{
    /// <summary>Compares two models on the same samples.</summary>
    /// <param name="first">The model to compare with, such as the float one.</param>
    /// <param name="second">The other, whose inputs and outputs are called as the first one's.</param>
    /// <param name="samples">The samples; those with a label count for accuracy. Enumerated once, and the first few again.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Reports each batch.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">A model cannot be read or run, or has other inputs or outputs than the first.</exception>
    /// <exception cref="InvalidDataException">There is no sample, one does not fit the models, or a label is no class of the
    /// logits.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ModelComparison Compare(
        OnnxModel first, OnnxModel second, ISampleSource samples, ComparisonOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new ComparisonOptions();
        ThrowUnlessAlike(first, second);
        ModelSample sample = samples.FirstOrDefault()
            ?? throw new InvalidDataException("There is no sample to compare the models on; give at least one.");
        long[] memory = SessionMemory.Measure([first, second], sample, options.Evaluation, cancellationToken);
        EvaluationResult scores = ModelEvaluator.Evaluate(first, [second], samples, options.Evaluation, progress, cancellationToken);
        if (options.LayerSamples > 0)
        {
            progress?.Report(new QuantizationProgress(QuantizationStage.ComparingLayers, 0, null));
        }

        (IReadOnlyList<ComparedLayer> layers, int layerSamples) = options.LayerSamples == 0 ? ([], 0)
            : CommonLayers.Compare(first, second, samples.Take(options.LayerSamples), options.Evaluation, cancellationToken);
        return new ModelComparison
        {
            Scores = scores,
            FirstMemory = memory[0],
            SecondMemory = memory[1],
            Layers = layers,
            LayerSamples = layerSamples,
        };
    }

    /// <summary>Compares without blocking the caller: the models run on a thread of their own.</summary>
    /// <inheritdoc
    ///     cref="Compare(OnnxModel, OnnxModel, ISampleSource, ComparisonOptions?, IProgress{QuantizationProgress}?, CancellationToken)"/>
    public static Task<ModelComparison> CompareAsync(
        OnnxModel first, OnnxModel second, ISampleSource samples, ComparisonOptions? options = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        LongWork.Run(() => Compare(first, second, samples, options, progress, cancellationToken), cancellationToken);

    /// <summary>Refuses models that one sample cannot be run through.</summary>
    private static void ThrowUnlessAlike(OnnxModel first, OnnxModel second)
    {
        Dictionary<string, int> known = InputsOf(first.File.Model.Graph), others = InputsOf(second.File.Model.Graph);
        foreach ((string name, int type) in known)
        {
            if (!others.TryGetValue(name, out int other))
            {
                throw new OnnxModelException(
                    second.Name, $"the model has no input '{name}', though {first.Name} has; compare models with the same inputs.");
            }

            if (other != type)
            {
                throw new OnnxModelException(
                    second.Name,
                    $"input '{name}' is of {NameOf(other)}, but of {NameOf(type)} in {first.Name}; compare models with the same inputs.");
            }
        }

        if (others.Keys.FirstOrDefault(name => !known.ContainsKey(name)) is { } extra)
        {
            throw new OnnxModelException(
                second.Name, $"the model has an input '{extra}', which {first.Name} has not; compare models with the same inputs.");
        }
    }

    private static Dictionary<string, int> InputsOf(GraphProto graph)
    {
        HashSet<string> stored = [.. graph.Initializer.Select(tensor => tensor.Name)];
        return graph.Input.Where(input => !stored.Contains(input.Name)).GroupBy(input => input.Name)
            .ToDictionary(group => group.Key, group => group.First().Type?.TensorType?.ElemType ?? 0);
    }

    private static string NameOf(int type) => ((TensorProto.Types.DataType)type).ToString().ToLowerInvariant();
}
