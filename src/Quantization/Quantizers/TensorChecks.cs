using System.Numerics.Tensors;
using Quantization.Kernels;

namespace Quantization;

/// <summary>The shape checks that quantizers share.</summary>
internal static class TensorChecks
{
    /// <summary>The runs of a tensor of shape <paramref name="shape"/> under <paramref name="granularity"/>.</summary>
    /// <exception cref="ArgumentException">The granularity and the number of scales do not fit the shape.</exception>
    public static RunLayout Layout(
        Granularity granularity, int scales, ReadOnlySpan<nint> shape, string parameterName, bool mergeBlocks = false,
        bool mergeRows = false)
    {
        RunLayout layout = RunLayout.Create(granularity, shape, mergeBlocks, mergeRows);
        if (layout.ParameterCount != scales)
        {
            throw new ArgumentException(
                $"A tensor of shape {Text(shape)} has {layout.ParameterCount} groups under {granularity}, but there are {scales} scales.",
                parameterName);
        }

        return layout;
    }

    public static void ThrowUnlessCodesFit(CodeFormat format, nint elements, in ReadOnlyTensorSpan<byte> codes, string parameterName)
    {
        nint needed = format.GetByteCount(elements);
        if (codes.FlattenedLength != needed)
        {
            throw new ArgumentException(
                $"{elements} codes of {format} take {needed} bytes; there are {codes.FlattenedLength}.", parameterName);
        }

        ThrowUnlessContiguous(codes.Lengths, codes.Strides, parameterName);
    }

    public static void ThrowUnlessContiguous(ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, string parameterName)
    {
        if (!RowMajor.IsContiguous(lengths, strides))
        {
            throw new ArgumentException("Codes must be consecutive in memory, the last axis fastest.", parameterName);
        }
    }

    public static void ThrowUnlessSameShape(ReadOnlySpan<nint> source, ReadOnlySpan<nint> destination, string parameterName)
    {
        if (!source.SequenceEqual(destination))
        {
            throw new ArgumentException($"The destination has shape {Text(destination)}, the source {Text(source)}.", parameterName);
        }
    }

    /// <summary>For example <c>[64, 128]</c>.</summary>
    public static string Text(ReadOnlySpan<nint> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
