using System.Numerics;
using Quantization.Kernels;

namespace Quantization;

public static unsafe partial class QuantizationPrimitives
{
    /// <summary>
    /// Quantizes half-precision values: each is converted to float, which is exact, then quantized as by
    /// <see cref="Quantize{TCode}(ReadOnlySpan{float}, float, TCode, Span{TCode})"/>.
    /// </summary>
    /// <typeparam name="TCode">
    /// <see cref="sbyte"/>, <see cref="byte"/>, <see cref="short"/>, <see cref="ushort"/> or <see cref="int"/>.
    /// </typeparam>
    /// <param name="source">The values.</param>
    /// <param name="scale">The step between codes, in real units; finite and above 0.</param>
    /// <param name="zeroPoint">The code of real 0.</param>
    /// <param name="destination">
    /// Receives the codes, at least as many as values; codes of up to 16 bits may start where <paramref name="source"/> starts.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="destination"/> is shorter than <paramref name="source"/>, or overlaps it elsewhere than at its start.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is not finite and positive.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="TCode"/> is none of the types above.</exception>
    public static void Quantize<TCode>(ReadOnlySpan<Half> source, float scale, TCode zeroPoint, Span<TCode> destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        (MappingParameters mapping, CodeFormat format) = Mapping(scale, zeroPoint);
        Overlap.ThrowUnlessDestinationFits(source.Length, destination.Length, nameof(destination));
        fixed (Half* values = source)
        fixed (TCode* codes = destination)
        {
            Overlap.ThrowUnlessDisjointOrInPlace(
                values, (nint)source.Length * sizeof(Half), codes, (nint)source.Length * sizeof(TCode), nameof(destination));
            UniformKernels.Quantize(values, codes, source.Length, mapping, format);
        }
    }
}
