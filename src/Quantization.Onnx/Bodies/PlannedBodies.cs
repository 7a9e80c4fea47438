using System.Collections.Immutable;

namespace Quantization.Onnx;

/// <summary>How the bodies of a model's nodes are quantized. Immutable.</summary>
/// <param name="bodies">The bodies, in the graph's order.</param>
internal sealed class PlannedBodies(IReadOnlyList<PlannedBody> bodies)
{
    /// <summary>A model without bodies.</summary>
    public static PlannedBodies None { get; } = new([]);

    /// <summary>The paths of the bodies that are quantized.</summary>
    public IReadOnlyList<string> Paths { get; } =
        [.. bodies.Where(body => body.Plan is { IsEmpty: false }).Select(body => body.Body.Body.Path)];

    /// <summary>A plan with the plans of the bodies, and with the reasons why nodes of bodies stay in float.</summary>
    /// <param name="plan">The plan of the model's own nodes.</param>
    /// <param name="inFloat">The paths of bodies that stay in float all the same; null for none.</param>
    public QuantizationPlan AddTo(QuantizationPlan plan, IReadOnlySet<string>? inFloat = null)
    {
        if (bodies.Count == 0)
        {
            return plan;
        }

        Dictionary<string, string> notes = new(plan.Notes.Float);
        ImmutableArray<BodyPlan>.Builder planned = ImmutableArray.CreateBuilder<BodyPlan>();
        foreach (PlannedBody each in bodies)
        {
            NodeBody body = each.Body.Body;
            bool isExcluded = inFloat is not null && inFloat.Contains(body.Path);
            string? reason = isExcluded ? "it is excluded as a whole" : each.Reason;
            foreach (string node in body.WeightedNodes)
            {
                notes.Remove(node);
                if (reason is not null)
                {
                    notes[node] = $"it is inside {body.Node.Describe()}, {body.Attribute}: {reason}";
                }
            }

            if (isExcluded)
            {
                continue;
            }

            if (each.Plan is { IsEmpty: false } own)
            {
                planned.Add(new BodyPlan(body.Path, own));
                continue;
            }

            foreach ((string node, string why) in each.Plan?.Notes.Float ?? new Dictionary<string, string>())
            {
                notes[body.NameInside(node)] = why;
            }
        }

        return plan with { Bodies = planned.ToImmutable(), Notes = plan.Notes with { Float = notes } };
    }
}
