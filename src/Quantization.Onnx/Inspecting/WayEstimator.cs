using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Tells what the ways of quantizing would do to a model, from the plans that their recipes make without samples.</summary>
/// <param name="source">The model.</param>
/// <param name="options">How to look.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class WayEstimator(OnnxModel source, InspectionOptions options, CancellationToken cancellationToken)
{
    /// <summary>No sample says which range activations have; their codes take the same bytes with any.</summary>
    private static readonly ValueRange AnyRange = new(-1, 1);

    private readonly bool _isLarge = source.File.Bytes > options.LargestInMemory;
    private readonly Lazy<ModelProto> _cleaned =
        new(() => ModelCleaner.Clean(source.Name, source.File.Model, options.SessionOptionsFactory, options.LargestInMemory));

    /// <summary>What all ways would do.</summary>
    public IEnumerable<InspectedWay> Estimate() => Enum.GetValues<QuantizationWay>().Select(Estimate);

    private InspectedWay Estimate(QuantizationWay way)
    {
        cancellationToken.ThrowIfCancellationRequested();
        IRecipe recipe = CheapestOf(way);
        if (_isLarge && recipe is not BlockWeightsRecipe && source.File.Model.Graph.Initializer.Any(tensor => tensor.IsHalfFloat()))
        {
            return new InspectedWay(way, 0, [], null, "the model is large and has 16-bit floats, which this way first turns into 32 bits");
        }

        FloatModel model = FloatModel.Load(
            source, new InspectedRecipe(recipe, _isLarge ? null : _cleaned), options.SessionOptionsFactory, options.LargestInMemory);
        QuantizationPlan plan = BodyPlanner.PlanBlindly(model, recipe.Plan(model, null));
        long bytes = plan.IsEmpty ? source.File.Bytes : _isLarge ? PlannedSize.Of(model, plan) : Write(model, plan);
        return new InspectedWay(
            way, plan.NodeNames.Count(), GroupsOf(plan.AllFloatNodes), bytes, null) { Patterns = GroupsOf(plan.AllFloatPatterns) };
    }

    private static FloatGroup[] GroupsOf(IReadOnlyDictionary<string, string> reasons) =>
    [
        .. reasons.GroupBy(each => each.Value, each => each.Key)
            .Select(group => new FloatGroup(group.Key, group.Count(), group.First()))
            .OrderByDescending(group => group.Nodes),
    ];

    /// <summary>The recipe of a way with the defaults of its entry point.</summary>
    /// <param name="way">The way.</param>
    /// <param name="runtime">What static int8 is planned for.</param>
    public static IRecipe RecipeOf(QuantizationWay way, TargetRuntime runtime) => way switch
    {
        QuantizationWay.StaticInt8 => new StaticInt8Recipe(new PtqOptions { Runtime = runtime }),
        QuantizationWay.DynamicInt8 => new DynamicOptions().ToRecipe(),
        QuantizationWay.WeightsInt8 => new WeightOnlyOptions().ToRecipe(),
        QuantizationWay.WeightsInt4 => new WeightOnlyOptions { Bits = 4 }.ToRecipe(),
        _ => new HalfPrecisionRecipe(new HalfPrecisionOptions(), hasSamples: false),
    };

    /// <summary>The same, where blocks are rounded in the cheapest way: their size is that of any other.</summary>
    private IRecipe CheapestOf(QuantizationWay way) => way switch
    {
        QuantizationWay.WeightsInt4 => new WeightOnlyOptions { Bits = 4, WeightCalibrator = new MaxCalibrator() }.ToRecipe(),
        QuantizationWay.Half => new HalfPrecisionRecipe(new HalfPrecisionOptions(), hasSamples: false) { TrustsLargeConstants = _isLarge },
        _ => RecipeOf(way, options.Runtime),
    };

    private static QuantizationPlan Resolve(QuantizationPlan plan) => plan with
    {
        Nodes = [.. plan.Nodes.Select(node => node.WithActivations(
            each => each.Encoding.Range is ObservedRange ? each.Encoding.WithParameters(AnyRange) : each.Encoding))],
        Bodies = [.. plan.Bodies.Select(body => body with { Plan = Resolve(body.Plan) })],
    };

    /// <summary>Writes the model of a plan in memory, and tells its size.</summary>
    private long Write(FloatModel model, QuantizationPlan plan)
    {
        QuantizationPlan resolved = Resolve(plan);
        using BlockStore store = new(source.Name) { Smallest = int.MaxValue };
        BlockRounding? blocks = plan.Nodes.Any(node => node.Weights?.Blocks is not null)
            ? new BlockRounding(source.Name, store, BlockRounding.FindMultiplied(model, plan), null, null, cancellationToken)
            : null;
        return PlanLowering.Write(model, resolved, new WeightRanges(), blocks).CalculateSize();
    }
}
