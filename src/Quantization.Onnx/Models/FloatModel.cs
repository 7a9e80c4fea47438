using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A float model that went through the passes of a recipe, ready to be observed and quantized as often as one likes. Nothing changes it.
/// </summary>
/// <param name="File">The model's file.</param>
/// <param name="Model">The model after the passes.</param>
/// <param name="Analysis">What the rules of the recipe say of its nodes.</param>
/// <param name="Observations">What the recipe must observe of it; null where it needs no sample.</param>
/// <param name="Passes">The names of the passes, in their order.</param>
internal sealed record FloatModel(
    ModelFile File, ModelProto Model, QuantizableGraph Analysis, ObservationRequest? Observations, ImmutableArray<string> Passes)
{
    private IReadOnlySet<string> _divided = FrozenSet<string>.Empty;
    private Lazy<IReadOnlyList<FoundBody>>? _bodies;

    /// <summary>What the quantized model will run on.</summary>
    public Target Target => Analysis.Target;

    /// <summary>
    /// The bodies with weights inside of nodes, as models of their own; none where the recipe does not quantize them so. Scaling changes
    /// nothing of them.
    /// </summary>
    public IReadOnlyList<FoundBody> Bodies => _bodies?.Value ?? [];

    /// <summary>The model with scaled channels, as a plan has them; the same where it has none.</summary>
    /// <param name="scalings">The scalings.</param>
    /// <param name="recipe">The recipe.</param>
    /// <exception cref="ArgumentException">The model has no such channels.</exception>
    public FloatModel WithScaledChannels(IReadOnlyList<ChannelScaling> scalings, IRecipe recipe)
    {
        if (scalings.Count == 0)
        {
            return this;
        }

        ModelProto scaled = Model.Clone();
        Equalization.Apply(scaled, Target, scalings);
        return With(scaled, _divided, recipe);
    }

    /// <summary>The model with scaled inputs of MatMul and Gemm, as a plan has them; the same where it has none.</summary>
    /// <param name="scalings">The scalings.</param>
    /// <param name="recipe">The recipe.</param>
    /// <exception cref="ArgumentException">The model has no such values.</exception>
    public FloatModel WithScaledInputs(IReadOnlyList<InputScaling> scalings, IRecipe recipe)
    {
        if (scalings.Count == 0)
        {
            return this;
        }

        ModelProto scaled = Model.Clone();
        return With(scaled, InputScales.Apply(scaled, scalings), recipe);
    }

    /// <summary>The model with all that a plan scales.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="recipe">The recipe.</param>
    /// <exception cref="ArgumentException">The model has no such values.</exception>
    public FloatModel WithScales(QuantizationPlan plan, IRecipe recipe) =>
        WithScaledInputs(plan.InputScalings, recipe).WithScaledChannels(plan.ChannelScalings, recipe);

    /// <summary>Cleans a model, and takes it through the passes of a recipe where there is something to quantize.</summary>
    /// <param name="source">The model.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="largestInMemory">A larger model goes to ONNX Runtime by way of files.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or lifted.</exception>
    public static FloatModel Load(
        OnnxModel source, IRecipe recipe, Func<SessionOptions>? optionsFactory, long largestInMemory = ModelStore.LargestInMemory)
    {
        ModelFile file = source.File;
        string path = source.Name;
        ModelProto model = recipe.Clean(path, file.Model, optionsFactory, largestInMemory);
        recipe.CleanBodies(path, model, optionsFactory);
        QuantizableGraph analysis = recipe.Analyze(new GraphIndex(model.Graph));
        ImmutableArray<string> passes = [];
        bool hasBodies = true;
        if (recipe.CanQuantize(analysis))
        {
            ModelProto lifted = model.Clone();
            try
            {
                foreach (GraphPass pass in recipe.Passes)
                {
                    pass.Apply(path, lifted);
                }

                model = lifted;
                analysis = recipe.Analyze(new GraphIndex(model.Graph));
                passes = [.. recipe.Passes.Select(pass => pass.Name)];
            }
            catch (OnnxModelException) when (analysis.Facts.All(each => each.Candidate is null))
            {
                hasBodies = false; // what there is to quantize lies in bodies alone, which can stay as they are
            }
        }

        return new FloatModel(file, model, analysis, recipe.Observe(analysis), passes)
        {
            _bodies = hasBodies ? new(() => new BodyModels(path, model, recipe, optionsFactory, largestInMemory).Find()) : null,
        };
    }

    /// <summary>The model after a change that leaves its function as it is.</summary>
    private FloatModel With(ModelProto changed, IReadOnlySet<string> divided, IRecipe recipe)
    {
        QuantizableGraph analysis = recipe.Analyze(new GraphIndex(changed.Graph));

        // A scaled value is made in float: codes of what it is made from would lose what scaling saves.
        NodeFacts[] facts =
            [.. analysis.Facts.Select(each => divided.Contains(each.Node.Output[0]) ? each with { Candidate = null } : each)];
        return this with { Model = changed, Analysis = new QuantizableGraph(analysis.Graph, analysis.Target, facts), _divided = divided };
    }
}
