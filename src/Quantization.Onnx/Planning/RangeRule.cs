namespace Quantization.Onnx;

/// <summary>How the scale and the zero-point of an encoding are found.</summary>
internal abstract record RangeRule
{
    /// <summary>The rule in one line, the same for equal rules.</summary>
    public abstract string Describe();

    /// <summary>The rule in one line.</summary>
    public sealed override string ToString() => Describe();
}
