namespace Quantization.Onnx;

/// <summary>A figure as the file of trials keeps it.</summary>
/// <param name="Value">The figure; NaN where there is none.</param>
/// <param name="Samples">How many samples it rests on.</param>
internal readonly record struct KeptFigure(double Value, int Samples)
{
    /// <summary>What to keep of a figure.</summary>
    public static KeptFigure Of(MetricFigure? figure) =>
        figure is null ? new KeptFigure(double.NaN, 0) : new KeptFigure(figure.Value, figure.Samples);

    /// <summary>The figure again; null where there is none.</summary>
    public MetricFigure? ToFigure(ModelMetric metric) =>
        double.IsNaN(Value) && Samples == 0 ? null : new MetricFigure(metric, Value, Samples);
}
