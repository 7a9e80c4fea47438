namespace Quantization.Onnx;

/// <summary>How <see cref="ModelComparer"/> compares two models. Immutable.</summary>
public sealed record ComparisonOptions
{
    private readonly int _layerSamples = 16;

    /// <summary>How the outputs are compared: batch size, metrics, session options.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>On how many samples layers are compared, the first ones; 16 by default, 0 to compare no layers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int LayerSamples
    {
        get => _layerSamples;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _layerSamples = value;
        }
    }
}
