namespace Quantization.Onnx;

/// <summary>How weights in blocks become codes.</summary>
public enum WeightMethod
{
    /// <summary>Each weight becomes the nearest code. Needs no samples.</summary>
    Nearest,

    /// <summary>
    /// Each weight becomes the nearest code of a range that minimizes the squared error, weighted by the mean square of the input that
    /// the weight multiplies. Needs samples.
    /// </summary>
    Weighted,

    /// <summary>
    /// GPTQ (Frantar et al. 2022): the weights of a channel become codes one after another, and those that follow make up for the error
    /// so far, by what the samples say of the inputs. Needs samples.
    /// </summary>
    Gptq,

    /// <summary>
    /// AWQ (Lin et al. 2023): inputs that matter are scaled up before rounding, where what makes them can give the scale back at no cost:
    /// a normalization, a constant factor, or the product before. Other layers get weighted ranges. Needs samples.
    /// </summary>
    Awq,
}
