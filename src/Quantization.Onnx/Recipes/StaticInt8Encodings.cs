using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>The encodings that options give the nodes of static int8.</summary>
/// <param name="options">Formats, schemes, granularities and calibrators.</param>
internal sealed class StaticInt8Encodings(PtqOptions options)
{
    private readonly CodeFormat _activations = options.HasCentredCodes ? options.ActivationFormat.Restricted : options.ActivationFormat;

    /// <summary>The encodings of chosen nodes.</summary>
    public ImmutableArray<NodePlan> Encode(NodeSelection selection, GraphIndex graph)
    {
        Dictionary<string, TensorEncoding> bySource = selection.Sources.Values.Distinct()
            .ToDictionary(source => source, source => OfActivation(source, graph));
        return NodeEncoder.Encode(selection, node => OfWeights(node), value => bySource[selection.Sources[value]], OfConstant());
    }

    private TensorEncoding OfActivation(string source, GraphIndex graph) => new(
        _activations,
        options.ActivationScheme,
        GranularityKind.PerTensor,
        new ObservedRange(
            source, options.OwnCalibrators.GetValueOrDefault(source) ?? options.ActivationCalibrator, EffectiveRange.Find(source, graph)));

    private TensorEncoding OfConstant() =>
        new(_activations, options.ActivationScheme, GranularityKind.PerTensor, new OwnRange(new MaxCalibrator()));

    private TensorEncoding OfWeights(QuantizableNode node)
    {
        PtqOptions own = options.ForWeightsOf(node.Label);
        return new TensorEncoding(
            own.StoredWeightFormat, QuantizationScheme.Symmetric, own.WeightGranularity, new OwnRange(own.WeightCalibrator));
    }
}
