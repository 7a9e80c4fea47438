namespace Quantization.Onnx;

/// <summary>How a branch of If, or the body of Loop or Scan, is quantized: as a model of its own. Immutable.</summary>
/// <param name="Body">The body: the label of the node around it, and the attribute that holds it, as in <c>if_0/then_branch</c>.</param>
/// <param name="Plan">The plan of the body's nodes, with all parameters. Names in it are those inside of the body.</param>
public sealed record BodyPlan(string Body, QuantizationPlan Plan);
