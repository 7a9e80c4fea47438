using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Which values of a tensor its readers distinguish. A reader that saturates passes what lies between its ends; a reader that only moves
/// values or is monotone passes what its own readers do.
/// </summary>
/// <param name="graph">The graph.</param>
internal sealed class PassedRange(GraphIndex graph)
{
    /// <summary>How many readers behind each other are asked at most.</summary>
    private const int MaxSteps = 8;

    /// <summary>The steepness and the middle that a HardSigmoid has where it does not say.</summary>
    private const float DefaultAlpha = 0.2f, DefaultBeta = 0.5f;

    /// <summary>The slope that a LeakyRelu has where it does not say.</summary>
    private const float DefaultSlope = 0.01f;

    /// <summary>The smallest interval, with 0 in it, that contains all values that matter to the readers of a value.</summary>
    public Interval Of(string value) => Of(value, MaxSteps);

    private Interval Of(string value, int steps)
    {
        IReadOnlyList<NodeProto> readers = graph.Consumers(value);
        if (steps == 0 || graph.IsVisibleOutside(value) || readers.Count == 0)
        {
            return Interval.All;
        }

        Interval passed = Interval.Zero;
        foreach (NodeProto reader in readers)
        {
            passed = passed.Union(Opset.IsOnnx(reader.Domain) ? By(reader, value, steps - 1) : Interval.All);
            if (passed.IsAll || double.IsNaN(passed.Least) || double.IsNaN(passed.Most))
            {
                return Interval.All; // a constant that is NaN says nothing
            }
        }

        return passed;
    }

    /// <summary>What one reader passes.</summary>
    private Interval By(NodeProto reader, string value, int steps)
    {
        switch (reader.OpType)
        {
            case "Relu":
                return Behind(reader, steps).Intersect(new Interval(0, double.PositiveInfinity));
            case "Clip":
                return Behind(reader, steps).Intersect(
                    new Interval(FindBound(reader, 1) ?? double.NegativeInfinity, FindBound(reader, 2) ?? double.PositiveInfinity));
            case "Max" or "Min" when reader.Input.Count == 2 && reader.Input.Count(input => input == value) == 1:
                return ByComparison(reader, reader.Input[0] == value ? reader.Input[1] : reader.Input[0], steps);
            case "HardSigmoid":
                return FindEnds(reader) ?? Interval.All;
            case "LeakyRelu":
                return BeforeSlopes([reader.GetFloat("alpha", DefaultSlope)], Behind(reader, steps));
            case "PRelu" when reader.Input[0] == value && graph.FindConstant(reader.Input[1]) is { } slopes && slopes.IsFloat():
                return BeforeSlopes(slopes.ReadFloats(), Behind(reader, steps));
            case "Mul" when FindZeroEnd(value, reader.Input[0] == value ? reader.Input[1] : reader.Input[0]) is { } end:
                return new Interval(end, double.PositiveInfinity);
            case "Concat" or "GlobalMaxPool":
                return Behind(reader, steps);
        }

        return OperatorRules.Find(reader, Targets.AnyForm) is { Role: NodeRole.DataMovement } && reader.Input[0] == value
            ? Behind(reader, steps)
            : ConstantAffine.FindTerms(reader, value, graph) is { } terms ? BeforeTerms(terms, Behind(reader, steps))
            : Interval.All;
    }

    /// <summary>What the readers of a reader's results pass.</summary>
    private Interval Behind(NodeProto reader, int steps) =>
        reader.Output.Where(output => output.Length > 0).Aggregate(Interval.Zero, (passed, output) => passed.Union(Of(output, steps)));

    /// <summary>Max passes nothing below the least that the other operand can be, Min nothing above the most.</summary>
    private Interval ByComparison(NodeProto reader, string other, int steps)
    {
        Interval possible = KnownRange.Of(other, graph);
        Interval passed = reader.OpType == "Max"
            ? new Interval(possible.Least, double.PositiveInfinity)
            : new Interval(double.NegativeInfinity, possible.Most);
        return Behind(reader, steps).Intersect(passed);
    }

    /// <summary>The ends of a HardSigmoid; null where it falls, or where it is not between its ends at 0.</summary>
    private static Interval? FindEnds(NodeProto gate)
    {
        float alpha = gate.GetFloat("alpha", DefaultAlpha), beta = gate.GetFloat("beta", DefaultBeta);
        return alpha > 0 && float.IsFinite(alpha) && beta is >= 0 and <= 1 ? new Interval(-beta / alpha, (1 - beta) / alpha) : null;
    }

    /// <summary>
    /// The argument below which a gate of the value is 0: what is multiplied by it does not matter there.
    /// </summary>
    private double? FindZeroEnd(string value, string gate)
    {
        if (graph.FindProducer(gate) is not { } node || !Opset.IsOnnx(node.Domain))
        {
            return null;
        }

        return node.OpType switch
        {
            "HardSigmoid" when node.Input[0] == value => FindEnds(node)?.Least,
            "Relu" => FindRoot(value, node.Input[0]),
            "Clip" when FindBound(node, 1) == 0 => FindRoot(value, node.Input[0]),
            _ => node.Input.FirstOrDefault(input => graph.FindConstant(input) is null) is { } scaled
                && ConstantAffine.FindTerms(node, scaled, graph) is { } terms && terms.All(term => term.Offset == 0)
                    ? FindZeroEnd(value, scaled) : null,
        };
    }

    /// <summary>The argument below which the value plus a constant is negative throughout.</summary>
    private double? FindRoot(string value, string sum) => sum == value ? 0
        : graph.FindProducer(sum) is { OpType: "Add" or "Sub" } add && ConstantAffine.FindTerms(add, value, graph) is { } terms
            && terms.All(term => term.Factor == 1) ? -terms.Max(term => term.Offset)
        : null;

    /// <summary>The values that are passed if what they become by a factor below 0, and by 1 above, is.</summary>
    private static Interval BeforeSlopes(float[] slopes, Interval passed)
    {
        float[] falling = [.. slopes.Where(slope => slope != 0)];
        return !falling.All(slope => slope > 0 && float.IsFinite(slope)) ? Interval.All
            : falling.Length == 0 ? passed.Intersect(new Interval(0, double.PositiveInfinity))
            : passed with { Least = Math.Min(passed.Least / falling.Min(), 0) };
    }

    private static Interval BeforeTerms(IReadOnlyList<(double Factor, double Offset)> terms, Interval passed) => passed.IsAll
        ? passed
        : terms.Where(term => term.Factor != 0).Aggregate(Interval.Zero, (all, term) =>
            all.Union(Interval.Between((passed.Least - term.Offset) / term.Factor, (passed.Most - term.Offset) / term.Factor)));

    /// <summary>A constant bound of a Clip; null where it has none, or where it is computed.</summary>
    private float? FindBound(NodeProto clip, int input) =>
        clip.Input.Count > input && graph.FindConstant(clip.Input[input]) is { } bound && bound.IsFloat() && bound.CountElements() == 1
            ? bound.ReadFloats()[0] : null;
}
