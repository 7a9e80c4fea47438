using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Plans the bodies of a model's nodes, each as a model of its own on the samples that reach it.</summary>
/// <param name="options">The options of the model.</param>
/// <param name="largestInMemory">A larger body goes to ONNX Runtime by way of files.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class BodyPlanner(PtqOptions options, long largestInMemory, CancellationToken cancellationToken)
{
    /// <summary>Plans the bodies on all samples that reach them.</summary>
    /// <param name="model">The model; it has bodies.</param>
    /// <param name="samples">The samples of the model.</param>
    public PlannedBodies Plan(FloatModel model, IEnumerable<ModelSample> samples)
    {
        using BodySampler sampler = BodySampler.Fill(model, samples, options.SessionOptionsFactory, largestInMemory, cancellationToken);
        return Plan(model, sampler);
    }

    /// <summary>Plans the bodies.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sampler">Has seen the samples.</param>
    public PlannedBodies Plan(FloatModel model, BodySampler sampler) => Plan(model, new StaticInt8Recipe(options), sampler);

    /// <summary>A plan with the plans of the bodies that nothing observed speaks against. Their ranges are open.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan of the model's own nodes.</param>
    public static QuantizationPlan PlanBlindly(FloatModel model, QuantizationPlan plan) =>
        new PlannedBodies([.. model.Bodies.Select(body => new PlannedBody(
            body,
            body.Model is { } found ? PlanBlindly(found.Model, found.Recipe.Plan(found.Model, null)) : null,
            body.Reason))]).AddTo(plan);

    private PlannedBodies Plan(FloatModel model, StaticInt8Recipe recipe, BodySampler sampler) =>
        new([.. model.Bodies.Select(body => Plan(body, recipe.InBody(body.Body), sampler))]);

    private PlannedBody Plan(FoundBody body, StaticInt8Recipe recipe, BodySampler sampler)
    {
        if (body.Model is null)
        {
            return new PlannedBody(body, null, body.Reason);
        }

        cancellationToken.ThrowIfCancellationRequested();
        IReadOnlyList<ModelSample> samples = sampler.SamplesOf(body);
        if (samples.Count == 0)
        {
            return new PlannedBody(body, null, sampler.WhyNone(body));
        }

        try
        {
            return new PlannedBody(body, Plan(body.Model.Model, recipe, samples), null);
        }
        catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException or InvalidDataException)
        {
            return new PlannedBody(body, null, $"calibration fails: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private QuantizationPlan Plan(FloatModel model, StaticInt8Recipe recipe, IReadOnlyList<ModelSample> samples)
    {
        PtqOptions own = options with { Calibration = CalibrationOf(model), LatencySample = null };
        ModelCalibration observations = model.Observations is null || recipe.Plan(model, null).Nodes.IsEmpty
            ? new ModelCalibration(model.File.Fingerprint, 0, [])
            : CalibrationRun.Run(model, SampleSource.FromEnumerable(samples), own.Calibration, null, cancellationToken);
        RefinedModel refined = PlanRefiner.RefineWhereSamplesSuffice(
            new RefinedModel(model, observations, recipe.Plan(model, observations)),
            recipe,
            PlanRefiner.Spread(samples, options.RefiningSamples),
            own,
            () => { },
            cancellationToken);
        QuantizationPlan plan = refined.Models.Record(refined.Plan) with { ModelSha256 = null };
        if (model.Bodies.Count == 0)
        {
            return plan;
        }

        using BodySampler inner = BodySampler.Fill(model, samples, options.SessionOptionsFactory, largestInMemory, cancellationToken);
        return Plan(model, recipe, inner).AddTo(plan);
    }

    /// <summary>The calibration's options without those for values that the body does not have.</summary>
    private CalibrationOptions CalibrationOf(FloatModel model)
    {
        PaddingOptions padding = options.Calibration.Padding;
        HashSet<string> inputs = [.. model.Model.Graph.Input.Select(input => input.Name)];
        HashSet<string> values = [.. inputs, .. model.Model.Graph.Node.SelectMany(node => node.Output)];
        return options.Calibration with
        {
            MaxSamples = null,
            Runtime = options.Runtime,
            SessionOptionsFactory = options.SessionOptionsFactory,
            Padding = padding with
            {
                Mask = padding.Mask is { } mask && inputs.Contains(mask) ? mask : null,
                Axes = padding.Axes.Where(each => values.Contains(each.Key)).ToDictionary(),
            },
        };
    }
}
