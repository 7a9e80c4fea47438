namespace Quantization.Onnx;

/// <summary>A body with weights inside, and its model.</summary>
/// <param name="Body">The body.</param>
/// <param name="Model">The body as a model; null where it cannot be one.</param>
/// <param name="Reason">Why it cannot; null where it can.</param>
internal sealed record FoundBody(NodeBody Body, BodyModel? Model, string? Reason);
