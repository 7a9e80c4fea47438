using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>Turns a float model into its form for quantization-aware training.</summary>
public static class QuantizationAwareTraining
{
    /// <summary>
    /// Puts a <see cref="QuantizedLayer"/> in the place of each Linear, Conv1d, Conv2d and ConvTranspose2d, which takes over its parameters
    /// and the BatchNorm right behind it. The model is changed in place; only a model that is itself one such layer gets a new root. Load
    /// float weights before, the quantized state dict after.
    /// </summary>
    /// <param name="model">The float model, trained or not.</param>
    /// <param name="options">Bits and ranges; null for 8 bits everywhere.</param>
    /// <returns>The prepared model, with what was done with each layer and what was left alone and why.</returns>
    /// <exception cref="ArgumentException">
    /// The options name a layer or BatchNorm that is not there, or a pair that cannot be folded; the model is as it was.
    /// </exception>
    public static QatModel Prepare(torch.nn.Module<Tensor, Tensor> model, QatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new Preparation(model, options ?? new QatOptions()).Run();
    }
}
