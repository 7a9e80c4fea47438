using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How many of a plan's multiply-accumulates run on integers.</summary>
internal sealed class IntegerWork
{
    private readonly Dictionary<string, LayerCost> _costs;

    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan whose work is all there is.</param>
    /// <param name="sample">A sample, whose shapes count.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    public IntegerWork(FloatModel model, QuantizationPlan plan, ModelSample sample, Func<SessionOptions>? sessionOptions)
    {
        _costs = LayerCosts.Count(model, model.Analysis.WeightedNodes(plan), sample, sessionOptions);
        Total = Count(LayersOf(plan));
    }

    /// <summary>The multiply-accumulates of all that the plan quantizes.</summary>
    public double Total { get; }

    /// <summary>The layers that multiply codes by codes.</summary>
    public static IEnumerable<string> LayersOf(QuantizationPlan plan) =>
        plan.Nodes.Where(node => node.Weights is not null && node.Inputs.Length > 0).Select(node => node.Node);

    /// <summary>The multiply-accumulates of a layer; 0 where it is not known.</summary>
    public long ProductsOf(string layer) => _costs.TryGetValue(layer, out LayerCost? cost) ? cost.MultiplyAccumulates : 0;

    /// <summary>The share of layers in the work.</summary>
    public double ShareOf(IEnumerable<string> layers) => Total == 0 ? 0 : Count(layers) / Total;

    private double Count(IEnumerable<string> layers) => layers.Sum(layer => (double)_costs[layer].MultiplyAccumulates);
}
