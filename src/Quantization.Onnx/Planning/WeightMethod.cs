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
}
