namespace Quantization.Onnx;

/// <summary>A function of transformers that stays in float, whether one operator computes it or several do.</summary>
internal enum FloatPatternKind
{
    /// <summary>Shares that add up to 1.</summary>
    Softmax,

    /// <summary>x · Φ(x), by Erf or by Tanh.</summary>
    Gelu,

    /// <summary>Centres each row and divides it by its standard deviation.</summary>
    LayerNorm,

    /// <summary>Divides each row by its root mean square.</summary>
    RmsNorm,

    /// <summary>Turns pairs of columns by angles that depend on the position.</summary>
    RotaryEmbedding,
}
