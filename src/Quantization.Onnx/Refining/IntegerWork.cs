using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How many of a plan's multiply-accumulates run on integers.</summary>
internal sealed class IntegerWork
{
    private readonly Dictionary<string, LayerCost> _costs;
    private readonly double _total;

    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan whose work is all there is.</param>
    /// <param name="sample">A sample, whose shapes count.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    public IntegerWork(FloatModel model, QuantizationPlan plan, ModelSample sample, Func<SessionOptions>? sessionOptions)
    {
        _costs = LayerCosts.Count(model, model.Analysis.WeightedNodes(plan), sample, sessionOptions);
        _total = Count(LayersOf(plan));
    }

    /// <summary>The layers that multiply codes by codes.</summary>
    public static IEnumerable<string> LayersOf(QuantizationPlan plan) => plan.Nodes.Where(node => node.Weights is not null && node.Inputs.Length > 0).Select(node => node.Node);

    /// <summary>The share of layers in the work.</summary>
    public double ShareOf(IEnumerable<string> layers) => _total == 0 ? 0 : Count(layers) / _total;

    private double Count(IEnumerable<string> layers) => layers.Sum(layer => (double)_costs[layer].MultiplyAccumulates);
}
