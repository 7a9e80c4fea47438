namespace Quantization.Onnx;

/// <summary>
/// How the scale and the zero-point of an encoding are found: <see cref="ObservedRange"/>, <see cref="OwnRange"/>,
/// <see cref="DynamicRange"/>, <see cref="FixedParameters"/> or <see cref="FixedScales"/>.
/// </summary>
public abstract record RangeRule
{
    private protected RangeRule()
    {
    }

    /// <summary>The rule in one line, the same for equal rules.</summary>
    public abstract string Describe();

    /// <summary>The rule in one line.</summary>
    public sealed override string ToString() => Describe();
}
