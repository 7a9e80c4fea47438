using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>A further figure of a model. Immutable.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Value">The figure.</param>
/// <param name="Unit">Its unit.</param>
public sealed record ReportFigure(string Name, double Value, MetricUnit Unit);
