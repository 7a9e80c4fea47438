namespace Quantization.Kernels.Simd;

/// <summary>A running summary of values whose order does not matter, and in which a value may be counted twice: extremes.</summary>
internal interface IReduction<TSelf, TFloats>
    where TSelf : struct, IReduction<TSelf, TFloats>
{
    /// <summary>The summary of one vector of values.</summary>
    static abstract TSelf Of(TFloats values);

    /// <summary>The summary of what two have seen.</summary>
    static abstract TSelf Combine(TSelf left, TSelf right);
}
