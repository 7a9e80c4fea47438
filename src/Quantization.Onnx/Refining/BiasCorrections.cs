using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Corrects biases for what the rounding of weights does to the mean of results. Rounded weights ŵ shift channel c of a layer by
/// <c>E[(ŵ − w)_c · x]</c>, where the inputs have a mean; taking that from the bias costs nothing at run time. (M. Nagel et al., Data-Free
/// Quantization Through Weight Equalization and Bias Correction, 2019; here the mean is measured.)
/// </summary>
internal sealed class BiasCorrections
{
    /// <summary>Whether the bias of a node can be corrected.</summary>
    public static bool CanCorrect(QuantizableNode node) =>
        node is { Role: NodeRole.Weighted, Weight.Subpixel: null, Recurrence: null } && OperatorRules.AddsBias(node.Node);

    private readonly Dictionary<string, ImmutableArray<float>> _byResult;

    private BiasCorrections(Dictionary<string, ImmutableArray<float>> byResult)
    {
        _byResult = byResult;
    }

    /// <summary>Measures the corrections of a plan's layers.</summary>
    /// <param name="models">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="samples">The samples whose mean counts.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <param name="padding">What to do with padding; null to leave it out.</param>
    public static BiasCorrections Measure(
        TrialModels models, QuantizationPlan plan, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions,
        CancellationToken cancellationToken,
        PaddingOptions? padding = null)
    {
        ModelProto model = models.Model.Model.Clone();
        NameAllocator names = new(model.Graph);
        model.Graph.Output.Clear();
        Dictionary<string, (string Shift, WeightSlot Slot)> shifts = [];
        Dictionary<string, string> inputsOf = []; // results whose rows are those of their inputs
        foreach (NodePlan node in models.Resolve(plan).Nodes.Where(node => node.Weights is not null))
        {
            QuantizableNode facts = models.Model.Analysis.Find(node);
            if (CanCorrect(facts))
            {
                string shift = AddShift(model.Graph, names, facts, models.Round(facts, node));
                shifts[node.Result] = (shift, facts.Weight!);
                if (Measurement.HasRowsOfInput(facts.Node))
                {
                    inputsOf[shift] = facts.Inputs[0];
                }
            }
        }

        if (shifts.Count == 0)
        {
            return new BiasCorrections([]);
        }

        DeadNodes.Remove(model.Graph);
        using SamplePadding masked = new(models.Model, inputsOf.Values.ToHashSet(), padding ?? new PaddingOptions(), sessionOptions);
        Dictionary<string, double[]> means =
            Run(
                models.Model.File.Path,
                model,
                [.. shifts.Values.Select(each => each.Shift)],
                samples,
                sessionOptions,
                (masked, inputsOf),
                cancellationToken);
        return new BiasCorrections(shifts.ToDictionary(each => each.Key, each => Correct(means[each.Value.Shift], each.Value.Slot)));
    }

    /// <summary>The plan with the corrections.</summary>
    public QuantizationPlan Apply(QuantizationPlan plan) => plan with
    {
        Nodes = [.. plan.Nodes.Select(node => node.Weights is not null && _byResult.TryGetValue(
            node.Result, out ImmutableArray<float> correction) ? node with { BiasCorrection = correction } : node)],
    };

    /// <summary>What is added to the bias. A mean that is not finite tells nothing.</summary>
    private static ImmutableArray<float> Correct(double[] means, WeightSlot slot) =>
        means.Length == slot.Channels && Array.TrueForAll(means, mean => float.IsFinite((float)mean))
            ? [.. means.Select(mean => (float)-mean)]
            : [];

    /// <summary>Adds the layer again with the errors of its weights; the name of the result, whose mean is the shift.</summary>
    private static string AddShift(GraphProto graph, NameAllocator names, QuantizableNode facts, QuantizedWeight rounded)
    {
        float[] errors = rounded.Dequantize();
        ReadOnlySpan<float> weights = facts.Weight!.Weight.ViewFloats();
        for (int i = 0; i < errors.Length; i++)
        {
            errors[i] -= weights[i];
        }

        string shift = Measurement.AddTwin(
            graph, names, facts.Node, TensorData.Make<float>(TensorProto.Types.DataType.Float, errors, facts.Weight.Weight.Dims));
        graph.Output.Add(new ValueInfoProto { Name = shift });
        return shift;
    }

    /// <summary>The mean of each result by its last axis but those that were pooled: the channels.</summary>
    private static Dictionary<string, double[]> Run(
        string modelPath, ModelProto model, string[] names, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions,
        (SamplePadding Samples, IReadOnlyDictionary<string, string> InputsOf) padding, CancellationToken cancellationToken)
    {
        using InferenceSession session = ModelSession.Open(modelPath, model, sessionOptions, options => options.EnableCpuMemArena = false);
        Dictionary<string, double[]> sums = [];
        Dictionary<string, long> rows = [];
        using RunOptions run = new();
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            PaddedSample? padded = padding.Samples.Find(sample, bound, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, names);
            foreach ((string name, OrtValue output) in names.Zip(outputs))
            {
                long[] shape = output.GetTensorTypeAndShape().Shape;
                int channels = (int)shape[1];
                ReadOnlySpan<float> values = output.GetTensorDataAsSpan<float>();
                if (padded is not null && padding.InputsOf.TryGetValue(name, out string? input))
                {
                    values = padded.RowsOf(input, values, shape);
                }

                if (!sums.TryGetValue(name, out double[]? sum))
                {
                    sums[name] = sum = new double[channels];
                }

                for (int i = 0; i < values.Length; i++)
                {
                    sum[i % channels] += values[i];
                }

                rows[name] = rows.GetValueOrDefault(name) + values.Length / channels;
            }
        }

        return sums.ToDictionary(each => each.Key, each => each.Value.Select(sum => sum / Math.Max(1, rows[each.Key])).ToArray());
    }
}
