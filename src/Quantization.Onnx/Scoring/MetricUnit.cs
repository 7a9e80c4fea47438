namespace Quantization.Onnx;

/// <summary>The unit of a metric's figure. It decides how reports and tables write the figure.</summary>
public enum MetricUnit
{
    /// <summary>A plain number, such as a cosine or an error in the output's own unit.</summary>
    None,

    /// <summary>A share, 0 … 1; reports show a percentage.</summary>
    Share,

    /// <summary>A ratio in decibels.</summary>
    Decibels,

    /// <summary>Information in nats.</summary>
    Nats,
}
