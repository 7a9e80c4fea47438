using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Fake quantization composed of torch's own operators, so that it runs where the values are. Values and gradients with respect to values
/// have the bits of <see cref="FakeQuantizeFunction"/>; sums over values, which make the gradients of scales and offsets, are
/// double-precision sums in torch's order. Arguments: the values; the natural logarithm of the scales, or null where they are not learned;
/// the offset, or null; scales and zero-points in shapes that broadcast over the values; the codes; what gradients of scales and offsets
/// are multiplied by.
/// </summary>
internal sealed class ComposedFakeQuantizeFunction : torch.autograd.SingleTensorFunction<ComposedFakeQuantizeFunction>
{
    private const string FactorKey = "factor", LearnsKey = "learns", OffsetKey = "offset";

    /// <inheritdoc/>
    public override string Name => nameof(ComposedFakeQuantizeFunction);

    /// <inheritdoc/>
    public override Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
    {
        using IDisposable noGradient = torch.no_grad();
        (Tensor values, Tensor scale, Tensor zeroPoint, CodeFormat format) =
            ((Tensor)vars[0], (Tensor)vars[3], (Tensor)vars[4], (CodeFormat)vars[5]);
        Tensor least = format.MinCode - zeroPoint, most = format.MaxCode - zeroPoint;
        ctx.save_for_backward([values, scale, least, most]);
        ctx.save_data(LearnsKey, vars[1] is not null);
        ctx.save_data(OffsetKey, vars[2] is not null);
        ctx.save_data(FactorKey, vars[6]);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor quotient = values / scale;
        Tensor codes = torch.clamp(quotient.round(), least, most) + 0f; // no code is −0
        return (torch.where(quotient.isnan(), torch.zeros_like(codes), codes) * scale).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(torch.autograd.AutogradContext ctx, Tensor grad_output)
    {
        using IDisposable noGradient = torch.no_grad();
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor values, Tensor scale, Tensor least, Tensor most) = (saved[0], saved[1], saved[2], saved[3]);
        bool learns = (bool)ctx.get_data(LearnsKey), hasOffset = (bool)ctx.get_data(OffsetKey);
        double factor = (double)ctx.get_data(FactorKey);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor quotient = values / scale;
        Tensor isBelow = quotient < least, isAbove = quotient > most;
        Tensor isOutside = isBelow.logical_or(isAbove), isNumber = quotient.isnan().logical_not();
        Tensor zero = torch.zeros_like(grad_output);
        Tensor result = torch.where(isOutside.logical_not().logical_and(isNumber), grad_output, zero);
        Tensor? ofScale = null, ofOffset = null;
        if (learns)
        {
            Tensor slope = torch.where(isBelow, least, torch.where(isAbove, most, quotient.round() - quotient));
            Tensor sum = SumLike(torch.where(isNumber, grad_output * slope, zero), scale);
            ofScale = (sum * scale.to_type(torch.ScalarType.Float64) * factor).to_type(torch.ScalarType.Float32).flatten();
        }

        if (hasOffset)
        {
            Tensor sum = SumLike(torch.where(isOutside, grad_output, zero), scale);
            ofOffset = (sum * scale.to_type(torch.ScalarType.Float64) * -factor).to_type(torch.ScalarType.Float32).flatten();
        }

        return [result.MoveToOuterDisposeScope(), ofScale?.MoveToOuterDisposeScope()!, ofOffset?.MoveToOuterDisposeScope()!, null!, null!,
            null!, null!];
    }

    /// <summary>Sums over the axes along which the scales broadcast, in double precision.</summary>
    private static Tensor SumLike(Tensor values, Tensor scale)
    {
        Tensor wide = values.to_type(torch.ScalarType.Float64);
        if (scale.numel() == 1)
        {
            return wide.sum().reshape(scale.shape);
        }

        long[] axes = [.. Enumerable.Range(0, (int)values.dim()).Where(axis => scale.shape[axis] == 1).Select(axis => (long)axis)];
        return axes.Length == 0 ? wide : wide.sum(axes, keepdim: true);
    }
}
