namespace Quantization;

/// <summary>The quotients <c>value / scale</c> that a uniform mapping does not clip.</summary>
internal readonly struct ClippingRange(CodeFormat format, float scale, int zeroPoint)
{
    /// <summary>The step between codes.</summary>
    public float Scale { get; } = scale;

    /// <summary>The smallest quotient, <c>MinCode − zeroPoint</c>.</summary>
    public float Low { get; } = (float)((long)format.MinCode - zeroPoint);

    /// <summary>The largest quotient, <c>MaxCode − zeroPoint</c>.</summary>
    public float High { get; } = (float)((long)format.MaxCode - zeroPoint);
}
