using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Plans the bodies of a model's nodes, each as a model of its own on the samples that reach it.</summary>
/// <param name="options">The options of the model.</param>
/// <param name="largestInMemory">A larger body goes to ONNX Runtime by way of files.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class BodyPlanner(PtqOptions options, long largestInMemory, CancellationToken cancellationToken)
{
    /// <summary>A plan with the plans of the bodies, and with the reasons why nodes of bodies stay in float.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan of the model's own nodes.</param>
    /// <param name="sampler">Has seen the samples.</param>
    public QuantizationPlan Plan(FloatModel model, QuantizationPlan plan, BodySampler sampler) =>
        Join(model, plan, body => Plan(body, sampler));

    /// <summary>A plan with the plans of the bodies that nothing observed speaks against. Their ranges are open.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan of the model's own nodes.</param>
    public static QuantizationPlan PlanBlindly(FloatModel model, QuantizationPlan plan) => Join(
        model,
        plan,
        body => body.Model is { } found ? (PlanBlindly(found.Model, found.Recipe.Plan(found.Model, null)), null) : (null, body.Reason));

    private static QuantizationPlan Join(
        FloatModel model, QuantizationPlan plan, Func<FoundBody, (QuantizationPlan? Plan, string? Reason)> planOf)
    {
        Dictionary<string, string> inFloat = new(plan.Notes.Float);
        ImmutableArray<BodyPlan>.Builder planned = ImmutableArray.CreateBuilder<BodyPlan>();
        foreach (FoundBody body in model.Bodies)
        {
            (QuantizationPlan? own, string? reason) = planOf(body);
            foreach (string node in body.Body.WeightedNodes)
            {
                inFloat.Remove(node);
                if (reason is not null)
                {
                    inFloat[node] = $"it is inside {body.Body.Node.Describe()}, {body.Body.Attribute}: {reason}";
                }
            }

            if (own is { IsEmpty: false })
            {
                planned.Add(new BodyPlan(body.Body.Path, own));
                continue;
            }

            foreach ((string node, string why) in own?.Notes.Float ?? new Dictionary<string, string>())
            {
                inFloat[body.Body.NameInside(node)] = why;
            }
        }

        return plan with { Bodies = planned.ToImmutable(), Notes = plan.Notes with { Float = inFloat } };
    }

    private (QuantizationPlan? Plan, string? Reason) Plan(FoundBody body, BodySampler sampler)
    {
        if (body.Model is null)
        {
            return (null, body.Reason);
        }

        cancellationToken.ThrowIfCancellationRequested();
        IReadOnlyList<ModelSample> samples = sampler.Take(body);
        if (samples.Count == 0)
        {
            return (null, sampler.WhyNone(body));
        }

        try
        {
            return (Plan(body.Model, samples), null);
        }
        catch (Exception e) when (e is OnnxModelException or OnnxRuntimeException or InvalidDataException)
        {
            return (null, $"calibration fails: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private QuantizationPlan Plan(BodyModel body, IReadOnlyList<ModelSample> samples)
    {
        FloatModel model = body.Model;
        PtqOptions own = options with { Calibration = CalibrationOf(model), LatencySample = null };
        ModelCalibration observations = model.Observations is null || body.Recipe.Plan(model, null).Nodes.IsEmpty
            ? new ModelCalibration(model.File.Fingerprint, 0, [])
            : CalibrationRun.Run(model, SampleSource.FromEnumerable(samples), own.Calibration, null, cancellationToken);
        RefinedModel refined = PlanRefiner.RefineWhereSamplesSuffice(
            new RefinedModel(model, observations, body.Recipe.Plan(model, observations)),
            body.Recipe,
            PlanRefiner.Spread(samples, options.RefiningSamples),
            own,
            () => { },
            cancellationToken);
        QuantizationPlan plan = refined.Models.Record(refined.Plan) with { ModelSha256 = null };
        if (model.Bodies.Count == 0)
        {
            return plan;
        }

        using BodySampler inner = new(model, options.SessionOptionsFactory, largestInMemory, cancellationToken);
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            inner.Add(sample);
        }

        return Plan(model, plan, inner);
    }

    /// <summary>The calibration's options without what is said of values that the body does not have.</summary>
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
