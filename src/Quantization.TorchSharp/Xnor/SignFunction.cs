using TorchSharp;

namespace Quantization.TorchSharp;

/// <summary>+1 from 0 upwards and −1 below, with the gradient of <see cref="SignGradient.StraightThrough"/>.</summary>
internal sealed class SignFunction : torch.autograd.SingleTensorFunction<SignFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(SignFunction);

    /// <inheritdoc/>
    public override torch.Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        torch.Tensor dense = TensorMemory.Dense((torch.Tensor)vars[0]);
        ctx.save_for_backward([dense]);
        return Of(dense);
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(torch.autograd.AutogradContext ctx, torch.Tensor grad_output)
    {
        torch.Tensor values = ctx.get_saved_variables()[0], gradient = TensorMemory.Dense(grad_output), result = torch.empty_like(values);
        SignGradient.StraightThrough(
            TensorMemory.Span<float>(values), TensorMemory.Span<float>(gradient), TensorMemory.Span<float>(result));

        // The spans do not hold the tensors.
        GC.KeepAlive(values);
        GC.KeepAlive(gradient);
        return [result.to(grad_output.device)];
    }

    /// <summary>The signs.</summary>
    public static torch.Tensor Of(torch.Tensor values)
    {
        using torch.Tensor isPositive = values >= 0;
        using torch.Tensor bits = isPositive.to(torch.ScalarType.Float32);
        return bits.mul_(2).sub_(1).alias();
    }
}
