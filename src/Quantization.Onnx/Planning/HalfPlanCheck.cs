using Google.Protobuf.Collections;

namespace Quantization.Onnx;

/// <summary>Checks that a node can have the 16-bit floats that a plan gives it.</summary>
internal static class HalfPlanCheck
{
    /// <summary>Throws where it cannot, naming the node, the place, the value and what can be there.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="node">The node's plan.</param>
    /// <param name="facts">What the rules say of the node.</param>
    /// <param name="graph">The graph.</param>
    /// <exception cref="ArgumentException">The plan does not fit.</exception>
    public static void ThrowUnlessFits(QuantizationPlan plan, NodePlan node, QuantizableNode facts, GraphIndex graph)
    {
        if (facts.Half is not { } half)
        {
            throw PlanCheck.Wrong(
                plan,
                $"gives node '{node.Node}' floats of 16 bits, but the recipe '{plan.Recipe}' makes only codes; "
                    + "take 'halfInputs' and 'halfResults' out");
        }

        if (node.Weights is not null || node.Constant is not null || node.Inputs.Length + node.Results.Length > 0)
        {
            throw PlanCheck.Wrong(
                plan,
                $"gives node '{node.Node}' codes, but the recipe '{plan.Recipe}' makes only 16-bit floats; "
                    + "take 'weights', 'constant', 'inputs' and 'results' out");
        }

        if (!node.IsHalf)
        {
            throw PlanCheck.Wrong(plan, $"gives node '{node.Node}' nothing in 16 bits; take the node out");
        }

        CheckNames(plan, node, "input", node.HalfInputs, facts.Node.Input);
        CheckNames(plan, node, "result", node.HalfResults, facts.Node.Output);
        if (node.HalfInputs.Concat(node.HalfResults).All(each => each.IsStorage))
        {
            CheckStorage(plan, node, half, graph);
        }
        else
        {
            CheckArithmetic(plan, node, half);
        }
    }

    private static void CheckNames(
        QuantizationPlan plan, NodePlan node, string what, IReadOnlyList<HalfEncoding> values, RepeatedField<string> names)
    {
        HashSet<int> positions = [];
        foreach (HalfEncoding each in values)
        {
            string place = FormattableString.Invariant($"{what} {each.Position} of node '{node.Node}'");
            if (each.Position < 0 || each.Position >= names.Count)
            {
                throw PlanCheck.Wrong(plan, FormattableString.Invariant($"names {place}, but the node has {names.Count}"));
            }

            if (names[each.Position] != each.Value)
            {
                throw PlanCheck.Wrong(
                    plan, $"calls {place} '{each.Value}', but the model calls it '{names[each.Position]}'; use that name");
            }

            if (!positions.Add(each.Position))
            {
                throw PlanCheck.Wrong(plan, $"gives {place} 16 bits twice; leave one of them out");
            }
        }
    }

    /// <summary>Weights alone are stored.</summary>
    private static void CheckStorage(QuantizationPlan plan, NodePlan node, HalfOperands half, GraphIndex graph)
    {
        if (node.HalfResults.Length > 0)
        {
            throw PlanCheck.Wrong(
                plan,
                FormattableString.Invariant($"stores result {node.HalfResults[0].Position} of node '{node.Node}' in 16 bits, ")
                    + "but only constant weights are stored; take 'isStorage' out");
        }

        foreach (HalfEncoding each in node.HalfInputs)
        {
            if (!half.Rule.Weights.Contains(each.Position) || graph.FindConstant(each.Value)?.IsFloat() != true)
            {
                throw PlanCheck.Wrong(
                    plan,
                    FormattableString.Invariant($"stores input {each.Position} of node '{node.Node}' in 16 bits, ")
                        + "but it is no constant weight; take it out");
            }
        }
    }

    /// <summary>A node computes in float16 with all operands that can have it, or with none.</summary>
    private static void CheckArithmetic(QuantizationPlan plan, NodePlan node, HalfOperands half)
    {
        CheckArithmetic(plan, node, "input", node.HalfInputs, half.Inputs);
        CheckArithmetic(plan, node, "result", node.HalfResults, half.Results);
    }

    private static void CheckArithmetic(
        QuantizationPlan plan, NodePlan node, string what, IReadOnlyList<HalfEncoding> values, IReadOnlyList<int> all)
    {
        if (values.FirstOrDefault(each => each.IsStorage || each.Format != HalfFormat.Float16) is { } other)
        {
            string has = other.IsStorage ? "only stores" : $"gives {HalfRange.NameOf(other.Format)} to";
            throw PlanCheck.Wrong(
                plan,
                FormattableString.Invariant($"{has} {what} {other.Position} of node '{node.Node}', which computes in 16 bits; ")
                    + "it does so in float16 alone, without 'isStorage'");
        }

        if (!values.Select(each => each.Position).Order().SequenceEqual(all.Order()))
        {
            string needed = all.Count == 0 ? $"no {what}" : $"{what} {string.Join(", ", all)}";
            throw PlanCheck.Wrong(
                plan,
                FormattableString.Invariant($"gives {values.Count} {what}s of node '{node.Node}' 16 bits, ")
                    + $"but it computes in them with {needed} or not at all; change that, or take the node out");
        }
    }
}
