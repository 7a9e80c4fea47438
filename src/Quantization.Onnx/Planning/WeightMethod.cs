namespace Quantization.Onnx;

/// <summary>How weights in blocks become codes.</summary>
public enum WeightMethod
{
    /// <summary>Each weight becomes the nearest code. Needs no samples.</summary>
    Nearest,

    /// <summary>
    /// Each weight becomes the nearest code of a range that minimizes the error of the outputs, as samples show the inputs of each block.
    /// Needs samples.
    /// </summary>
    Weighted,

    /// <summary>
    /// GPTQ (Frantar et al. 2022): the weights of a channel become codes one after another, and those that follow make up for the error
    /// so far, by what the samples say of the inputs. Needs samples.
    /// </summary>
    Gptq,

    /// <summary>
    /// AWQ (Lin et al. 2023): inputs that matter are scaled up before rounding, where what makes them can give the scale back at no cost:
    /// a normalization, a constant factor, the product before, or the values of attention. Then as <see cref="Weighted"/>. Needs
    /// samples.
    /// </summary>
    Awq,

    /// <summary>Inputs are scaled as by <see cref="Awq"/>, then weights are rounded as by <see cref="Gptq"/>. Needs samples.</summary>
    AwqGptq,
}
