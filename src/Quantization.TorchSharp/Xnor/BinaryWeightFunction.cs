using TorchSharp;

namespace Quantization.TorchSharp;

/// <summary>
/// <c>α · sign(w)</c>, α the mean magnitude of each filter along axis 0, with the gradient of <see cref="SignGradient.ScaledSign"/>.
/// </summary>
internal sealed class BinaryWeightFunction : torch.autograd.SingleTensorFunction<BinaryWeightFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(BinaryWeightFunction);

    /// <inheritdoc/>
    public override torch.Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        torch.Tensor dense = TensorMemory.Dense((torch.Tensor)vars[0]);
        ctx.save_for_backward([dense]);
        return SignFunction.Of(dense) * MeanMagnitudes(dense);
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(torch.autograd.AutogradContext ctx, torch.Tensor grad_output)
    {
        torch.Tensor weights = ctx.get_saved_variables()[0], gradient = TensorMemory.Dense(grad_output), result = torch.empty_like(weights),
            means = MeanMagnitudes(weights);
        int filters = (int)weights.shape[0], size = (int)(weights.numel() / filters);
        Span<float> w = TensorMemory.Span<float>(weights), g = TensorMemory.Span<float>(gradient),
            destination = TensorMemory.Span<float>(result), magnitudes = TensorMemory.Span<float>(means);
        for (int filter = 0; filter < filters; filter++)
        {
            Range range = new(filter * size, (filter + 1) * size);
            SignGradient.ScaledSign(w[range], g[range], magnitudes[filter], destination[range]);
        }

        // The spans do not hold the tensors.
        GC.KeepAlive(weights);
        GC.KeepAlive(gradient);
        GC.KeepAlive(means);
        return [result.to(grad_output.device)];
    }

    /// <summary>α, with the axes of the weights kept.</summary>
    public static torch.Tensor MeanMagnitudes(torch.Tensor weights)
    {
        using torch.Tensor magnitudes = weights.abs();
        return magnitudes.mean([.. Enumerable.Range(1, (int)weights.dim() - 1).Select(axis => (long)axis)], keepdim: true);
    }
}
