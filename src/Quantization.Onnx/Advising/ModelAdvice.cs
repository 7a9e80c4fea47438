using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice that exceptions carry: what is wrong with a model, or with options for it.</summary>
internal static class ModelAdvice
{
    /// <summary>Options leave a node in float that the model does not have.</summary>
    public static Advice UnknownFloatNode(string model, string node, string options) =>
        new(AdviceCode.UnknownFloatNode, ("model", model), ("node", node), ("options", options));

    /// <summary>Options of half precision leave a node in 32 bits that the model does not have.</summary>
    public static Advice UnknownFullPrecisionNode(string model, string node) =>
        new(AdviceCode.UnknownFullPrecisionNode, ("model", model), ("node", node));

    /// <summary>Options name weights that the model does not have.</summary>
    public static Advice UnknownWeightsNode(string model, string node) =>
        new(AdviceCode.UnknownWeightsNode, ("model", model), ("node", node));

    /// <summary>Weights are not finite.</summary>
    /// <param name="model">The model.</param>
    /// <param name="kind">What they are: weights, bias.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="node">The node, in words.</param>
    public static Advice NonFiniteWeights(string model, string kind, string tensor, string node) =>
        new(AdviceCode.NonFiniteWeights, ("model", model), ("kind", kind), ("tensor", tensor), ("node", node));

    /// <summary>A bias is too large.</summary>
    public static Advice BiasTooLarge(string model, string tensor, string node, float value, string input) =>
        new(AdviceCode.BiasTooLarge, ("model", model), ("tensor", tensor), ("node", node), ("value", value), ("input", input));

    /// <summary>The probe crashed.</summary>
    public static Advice ProbeCrashed(string model, int exitCode) => new(AdviceCode.ProbeCrashed, ("model", model), ("exitCode", exitCode));

    /// <summary>The probe did not end.</summary>
    public static Advice ProbeTimedOut(string model, TimeSpan timeout) =>
        new(AdviceCode.ProbeTimedOut, ("model", model), ("seconds", timeout.TotalSeconds));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.UnknownFloatNode => WriteUnknown(advice, words.FloatNodesOf(advice.Text("options")), "node", words),
        AdviceCode.UnknownFullPrecisionNode => WriteUnknown(advice, words.FullPrecisionNodes, "node", words),
        AdviceCode.UnknownWeightsNode => WriteUnknown(advice, words.OwnWeights, "node with weights to quantize", words),
        AdviceCode.NonFiniteWeights => new AdviceText(
            $"{advice.Text("model")}: {advice.Text("kind")} '{advice.Text("tensor")}' of node {advice.Text("node")} holds NaN or infinity;",
            $"repair the model, or leave the node in float ({words.FloatNodes})."),
        AdviceCode.BiasTooLarge => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("model")}: bias '{advice.Text("tensor")}' of node {advice.Text("node")} holds "
                    + $"{(float)advice.Number("value"):R}, which is too large beside inputs as small as '{advice.Text("input")}';"),
            $"leave the node in float ({words.FloatNodes})."),
        AdviceCode.ProbeCrashed => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("model")}: ONNX Runtime crashes on the quantized model: the process that tried it ended with exit code "
                    + $"{advice.Count("exitCode")}."),
            $"Leave nodes in float ({words.FloatNodes}), or export the model in another way."),
        AdviceCode.ProbeTimedOut => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("model")}: ONNX Runtime did not open and run the quantized model within {advice.Number("seconds")} "
                    + $"seconds."),
            $"Leave nodes in float ({words.FloatNodes}), or {words.ProbeTimeout}."),
        _ => null,
    };

    private static AdviceText WriteUnknown(Advice advice, string option, string kind, AdviceWords words) => new(
        $"{advice.Text("model")}: {option} names '{advice.Text("node")}', but the model has no such {kind}, or it was folded into another;",
        $"{words.NodeNames} lists those that can be named.");
}
