using System.Numerics.Tensors;
using TorchSharp;

namespace Quantization.TorchSharp;

/// <summary>
/// Fake quantization as an operation of autograd: the forward pass is <see cref="IQuantizer.FakeQuantize"/>, the backward pass
/// <see cref="FakeQuantizeGradient"/>. Arguments: the values; the natural logarithm of the scales, or null where they are not learned; the
/// offset, or null; the quantizer; what the gradients of scales and offset are multiplied by.
/// </summary>
internal sealed class FakeQuantizeFunction : torch.autograd.SingleTensorFunction<FakeQuantizeFunction>
{
    private const string QuantizerKey = "quantizer", FactorKey = "factor", LearnsKey = "learns", OffsetKey = "offset", DeviceKey = "device";

    /// <inheritdoc/>
    public override string Name => nameof(FakeQuantizeFunction);

    /// <inheritdoc/>
    public override torch.Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        torch.Tensor values = (torch.Tensor)vars[0];
        UniformQuantizer quantizer = (UniformQuantizer)vars[3];
        torch.Tensor dense = TensorMemory.Dense(values);
        torch.Tensor result = torch.empty_like(dense);
        nint[] shape = TensorMemory.Shape(dense);
        quantizer.FakeQuantize(
            new ReadOnlyTensorSpan<float>(TensorMemory.Span<float>(dense), shape),
            new TensorSpan<float>(TensorMemory.Span<float>(result), shape));

        ctx.save_for_backward([dense]);
        ctx.save_data(QuantizerKey, quantizer);
        ctx.save_data(FactorKey, vars[4]);
        ctx.save_data(LearnsKey, vars[1] is not null);
        ctx.save_data(OffsetKey, vars[2] is not null);
        ctx.save_data(DeviceKey, values.device);
        return Back(result, values.device);
    }

    /// <inheritdoc/>
    public override List<torch.Tensor> backward(torch.autograd.AutogradContext ctx, torch.Tensor grad_output)
    {
        torch.Tensor values = ctx.get_saved_variables()[0];
        UniformQuantizer quantizer = (UniformQuantizer)ctx.get_data(QuantizerKey);
        torch.Device device = (torch.Device)ctx.get_data(DeviceKey);
        torch.Tensor gradient = TensorMemory.Dense(grad_output);
        torch.Tensor result = torch.empty_like(values);
        nint[] shape = TensorMemory.Shape(values);
        ReadOnlyTensorSpan<float> source = new(TensorMemory.Span<float>(values), shape),
            outputGradient = new(TensorMemory.Span<float>(gradient), shape);
        TensorSpan<float> sourceGradient = new(TensorMemory.Span<float>(result), shape);
        bool learns = (bool)ctx.get_data(LearnsKey);
        double[] scaleGradients = new double[quantizer.Parameters.Count];
        if (learns)
        {
            FakeQuantizeGradient.LearnedScale(quantizer, source, outputGradient, sourceGradient, scaleGradients);
        }
        else
        {
            FakeQuantizeGradient.StraightThrough(quantizer, source, outputGradient, sourceGradient);
        }

        // The spans do not hold the tensors.
        GC.KeepAlive(values);
        GC.KeepAlive(gradient);
        if (!learns)
        {
            return [Back(result, device), null!, null!, null!, null!];
        }

        double factor = (double)ctx.get_data(FactorKey);
        float[] logarithms = new float[scaleGradients.Length];
        for (int i = 0; i < logarithms.Length; i++)
        {
            // d scale / d ln(scale) = scale
            logarithms[i] = (float)(scaleGradients[i] * quantizer.Parameters.Scales[i] * factor);
        }

        torch.Tensor? ofOffset = (bool)ctx.get_data(OffsetKey)
            ? Back(torch.tensor([OfOffset(gradient, result, quantizer) * (float)factor]), device)
            : null;
        return [Back(result, device), Back(torch.tensor(logarithms), device), ofOffset!, null!, null!];
    }

    /// <summary>
    /// The gradient of an offset: each value outside of the codes' range, whose gradient is missing in the result, moves with it by the
    /// scale.
    /// </summary>
    private static float OfOffset(torch.Tensor gradient, torch.Tensor inside, UniformQuantizer quantizer)
    {
        ReadOnlySpan<float> all = TensorMemory.Span<float>(gradient), kept = TensorMemory.Span<float>(inside);
        double sum = 0;
        for (int i = 0; i < all.Length; i++)
        {
            sum += (double)all[i] - kept[i];
        }

        return (float)(-sum * quantizer.Parameters.Scales[0]);
    }

    private static torch.Tensor Back(torch.Tensor tensor, torch.Device device) =>
        device.type == DeviceType.CPU ? tensor : tensor.to(device);
}
