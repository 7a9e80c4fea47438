using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Checks that a plan can be carried out for a model.</summary>
internal static class PlanCheck
{
    /// <summary>Throws where it cannot, naming the node, the place, the value and what can be there.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="model">The model, after the passes of the plan's recipe.</param>
    /// <param name="hasObservations">Whether ranges can be left to calibrators.</param>
    /// <param name="hasSamples">Whether there are samples to round weights by.</param>
    /// <exception cref="ArgumentException">The plan does not fit.</exception>
    public static void ThrowUnlessFits(QuantizationPlan plan, FloatModel model, bool hasObservations, bool hasSamples = false)
    {
        if (plan.ModelSha256 is not null && plan.ModelSha256 != model.File.Fingerprint.ToString())
        {
            throw Wrong(plan, $"was made for another model, with SHA-256 {VisibleText.Short(plan.ModelSha256)}, than {model.File.Path}, "
                + $"with {model.File.Fingerprint}; plan for this one, or take modelSha256 out of the plan if it is to serve both");
        }

        if (!plan.IsEmpty && !plan.Passes.SequenceEqual(model.Passes))
        {
            throw Wrong(plan, $"relies on the passes {List(plan.Passes)}, but this library makes {List(model.Passes)}; plan again");
        }

        if (plan.HasHalfInterface && plan.Half != HalfFormat.Float16)
        {
            throw Wrong(plan, "gives the model's inputs and outputs 16 bits, which only float16 nodes allow; take 'halfInterface' out");
        }

        HashSet<string> results = [];
        foreach (NodePlan node in plan.Nodes)
        {
            if (!results.Add(node.Result))
            {
                throw Wrong(plan, $"names node '{node.Node}' twice; leave one of them out");
            }

            Check(plan, node, model.Analysis.Find(node), model.Analysis.Graph, model.Target, hasObservations, hasSamples);
        }

        CheckBodies(plan, model);
    }

    private static void CheckBodies(QuantizationPlan plan, FloatModel model)
    {
        HashSet<string> bodies = [];
        foreach (BodyPlan each in plan.Bodies)
        {
            if (!bodies.Add(each.Body))
            {
                throw Wrong(plan, $"names the body '{each.Body}' twice; leave one of them out");
            }

            if ((each.Plan.Recipe, each.Plan.Target) != (plan.Recipe, plan.Target))
            {
                string recipe = VisibleText.Short(each.Plan.Recipe), target = VisibleText.Short(each.Plan.Target);
                throw Wrong(
                    plan,
                    $"is of {plan.Recipe} for {plan.Target}, but its body '{each.Body}' of {recipe} for {target}; make both the same");
            }

            BodyModel body = BodyLowering.Find(model, each.Body);
            try
            {
                ThrowUnlessFits(each.Plan, body.Model.WithScales(each.Plan, body.Recipe), hasObservations: false);
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException($"In body '{each.Body}': {e.Message}", nameof(plan), e);
            }
        }
    }

    /// <summary>The error of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="what">What is wrong in it, and the way out.</param>
    public static ArgumentException Wrong(QuantizationPlan plan, string what) => new($"The plan {what}.", nameof(plan));

    private static void Check(
        QuantizationPlan plan, NodePlan node, QuantizableNode facts, GraphIndex graph, Target target, bool hasObservations,
        bool hasSamples)
    {
        if (node.Node != facts.Label)
        {
            throw Wrong(
                plan, $"calls the node that makes '{node.Result}' '{node.Node}', but the model calls it '{facts.Label}'; use that name");
        }

        if (node.IsHalf || facts.Half is not null)
        {
            HalfPlanCheck.ThrowUnlessFits(plan, node, facts, graph);
            return;
        }

        if (node.Weights is not null)
        {
            CheckWeights(plan, node, facts, hasSamples);
        }

        if (!node.RoundingOffsets.IsEmpty && (node.Weights is null || node.Weights.Blocks is not null || facts.Weight is null
            || facts.Weight.Weight.CountElements() is not { } elements
            || RoundingOffsets.CountFor(elements) != node.RoundingOffsets.Length))
        {
            throw Wrong(plan, string.Create(
                CultureInfo.InvariantCulture,
                $"gives node '{node.Node}' {node.RoundingOffsets.Length} rounding offsets, which does not fit its weights; "
                    + $"take 'roundingOffsets' out, or plan again"));
        }

        if (!node.BiasCorrection.IsEmpty)
        {
            CheckBias(plan, node, facts);
        }

        if (node.Constant?.Granularity == GranularityKind.PerBlock)
        {
            throw Wrong(plan, $"gives the constant of node '{node.Node}' blocks, which only weights can have; make it per-tensor");
        }

        if (node.Constant is not null && facts.Constant is null)
        {
            throw Wrong(plan, $"gives node '{node.Node}' a constant, but it combines no constant with its input; take 'constant' out");
        }

        foreach (ValueEncoding input in node.Inputs)
        {
            CheckValue(plan, node, "input", input, [.. facts.Node.Input], target, hasObservations);
            if (input.Encoding.Range is DynamicRange)
            {
                CheckDynamic(plan, node, input, facts);
            }

            if (!facts.Inputs.Contains(input.Value))
            {
                throw Wrong(plan, $"lets node '{node.Node}' read input {input.Position}, '{input.Value}', from codes, but it "
                    + $"{(facts.Inputs.Count == 0 ? "reads only floats" : $"can read only {List(facts.Inputs)} from codes")}; take the "
                    + "input out");
            }
        }

        foreach (ValueEncoding result in node.Results)
        {
            CheckValue(plan, node, "result", result, facts.Outputs, target, hasObservations);
            if (result.Encoding.Range is DynamicRange)
            {
                throw Wrong(plan, $"finds the range of result {result.Position} of node '{node.Node}' at run time, which only inputs can; "
                    + "take it out, or give scale and zeroPoint");
            }

            if (facts.Role == NodeRole.TableLookup)
            {
                throw Wrong(plan, $"turns the rows that node '{node.Node}' looks up into codes, but they are floats; give the encoding to "
                    + $"the nodes that read '{result.Value}'");
            }
        }

        foreach ((string what, IReadOnlyList<ValueEncoding> values)
            in ((string, IReadOnlyList<ValueEncoding>)[])[("input", node.Inputs), ("result", node.Results)])
        {
            if (values.GroupBy(each => each.Position).FirstOrDefault(group => group.Count() > 1) is { } twice)
            {
                throw Wrong(plan, FormattableString.Invariant(
                    $"gives {what} {twice.Key} of node '{node.Node}' two encodings; leave one of them out"));
            }
        }
    }

    private static void CheckWeights(QuantizationPlan plan, NodePlan node, QuantizableNode facts, bool hasSamples)
    {
        TensorEncoding weights = node.Weights!;
        WeightSlot slot = facts.Weight ?? throw Wrong(plan, $"gives node '{node.Node}' weights, but it has none; take 'weights' out");
        if (weights.Blocks is not null || weights.Granularity == GranularityKind.PerBlock)
        {
            BlockPlanCheck.ThrowUnlessFits(plan, node, facts, hasSamples);
            return;
        }

        if (weights.Format.Type is not (CodeType.Int8 or CodeType.Int4)
            || weights.Format != weights.Format.Restricted
            || weights.Scheme != QuantizationScheme.Symmetric)
        {
            throw Wrong(plan, $"gives the weights of node '{node.Node}' {weights.Format} {weights.Scheme}; weights need signed codes, "
                + "symmetric about 0, such as int8 from -127 to 127, and the symmetric scheme");
        }

        if (facts.Recurrence is not null && node.InputAt(0)?.Range is not DynamicRange)
        {
            throw Wrong(plan, $"gives node '{node.Node}' int8 weights and an input whose range is not found at run time, which a recurrent "
                + "layer cannot have; take 'weights' out, or give input 0 the range dynamic");
        }

        long matrices = facts.Recurrence is null ? 1 : 2;
        long scales = matrices * (weights.Granularity == GranularityKind.PerChannel ? slot.Channels : 1);
        switch (weights.Range)
        {
            case FixedScales given when given.Scales.Length != scales:
                throw Wrong(plan, FormattableString.Invariant(
                    $"gives the weights of node '{node.Node}' {given.Scales.Length} scales, but {scales} are needed"));
            case FixedParameters or ObservedRange or DynamicRange:
                throw Wrong(plan, $"leaves open how the range of the weights of node '{node.Node}' is found; give a calibrator, or scales");
        }
    }

    private static void CheckBias(QuantizationPlan plan, NodePlan node, QuantizableNode facts)
    {
        if (node.Weights is null || !BiasCorrections.CanCorrect(facts))
        {
            throw Wrong(plan, $"corrects the bias of node '{node.Node}', which only a Conv or Gemm with quantized weights has; take "
                + "'biasCorrection' out");
        }

        if (node.BiasCorrection.Length != facts.Weight!.Channels)
        {
            throw Wrong(plan, string.Create(
                CultureInfo.InvariantCulture,
                $"corrects the bias of node '{node.Node}' by {node.BiasCorrection.Length} values, "
                    + $"but it has {facts.Weight.Channels} output channels"));
        }
    }

    private static void CheckDynamic(QuantizationPlan plan, NodePlan node, ValueEncoding input, QuantizableNode facts)
    {
        string place = FormattableString.Invariant($"input {input.Position} of node '{node.Node}'");
        if (!facts.TakesDynamicInput || node.Weights is not { Format.StorageBits: 8 })
        {
            throw Wrong(plan, $"finds the range of {place} at run time, which only a layer with int8 weights and an input of its own can, "
                + "on ONNX Runtime's CPU; give scale and zeroPoint, or take the input out");
        }

        if (input.Encoding.Format != CodeFormat.UInt8 || input.Encoding.Scheme != QuantizationScheme.Affine)
        {
            throw Wrong(
                plan, $"gives {place} {input.Encoding}; a range that is found at run time has all codes of uint8 and the affine scheme");
        }
    }

    private static void CheckValue(
        QuantizationPlan plan, NodePlan node, string what, ValueEncoding each, IReadOnlyList<string> names, Target target,
        bool hasObservations)
    {
        string place = FormattableString.Invariant($"{what} {each.Position} of node '{node.Node}'");
        TensorEncoding encoding = each.Encoding;
        if (each.Position < 0 || each.Position >= names.Count)
        {
            throw Wrong(plan, FormattableString.Invariant($"names {place}, but the node has {names.Count}"));
        }

        if (names[each.Position] != each.Value)
        {
            throw Wrong(plan, $"calls {place} '{each.Value}', but the model calls it '{names[each.Position]}'; use that name");
        }

        if (encoding.Format.Type is not (CodeType.Int8 or CodeType.UInt8) || encoding.Granularity != GranularityKind.PerTensor)
        {
            throw Wrong(plan, $"gives {place} {encoding.Format} {encoding.Granularity}; activations are int8 or uint8, per tensor");
        }

        if (target.ActivationFormat is { } only
            && (encoding.Format.Type != only.Type || encoding.Range is FixedParameters { ZeroPoint: not 0 }))
        {
            throw Wrong(plan, $"gives {place} {encoding}, but {target.Name} takes {only.Type} with a zero-point of 0 alone");
        }

        if (encoding.Range is OwnRange or FixedScales)
        {
            throw Wrong(plan, $"leaves open how the range of {place} is found; give scale and zeroPoint, or a calibrator and a source");
        }

        if (encoding.Range is ObservedRange rule && !hasObservations)
        {
            throw Wrong(
                plan, $"leaves the range of {place} to calibrator {rule.Calibrator.Name}; give a calibration, or scale and zeroPoint");
        }
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
