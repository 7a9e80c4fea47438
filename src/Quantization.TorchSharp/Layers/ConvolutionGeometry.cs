using TorchSharp;
using TorchSharp.Modules;

namespace Quantization.TorchSharp;

/// <summary>What a convolution is beside its weights.</summary>
internal sealed record ConvolutionGeometry(
    long[] Kernel, long[] Stride, long[] Padding, long[] Dilation, long[] OutputPadding, long Groups, bool IsTransposed)
{
    public static ConvolutionGeometry Of(Convolution source)
    {
        if (WhyNot(source) is { } reason)
        {
            throw new NotSupportedException(reason);
        }

        return new ConvolutionGeometry(
            source.kernel_size, source.stride, source.padding!, source.dilation, source.output_padding ?? [], source.groups,
            source.transposed);
    }

    /// <summary>Why a convolution has no quantized form, or null.</summary>
    public static string? WhyNot(Convolution source) => source switch
    {
        { padding_mode: not PaddingModes.Zeros } =>
            $"its padding mode is {source.padding_mode}; only zeros can be folded into an integer convolution",
        { padding_type: global::TorchSharp.Padding.Same } => "its padding is given as Same; give it as numbers",
        _ => null,
    };
}
