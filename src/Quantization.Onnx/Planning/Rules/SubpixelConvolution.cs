using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A ConvTranspose as a Conv, which ONNX Runtime has an integer form of: the s values that a stride of s puts in the place of one become
/// channels of a Conv of stride 1, which are then moved beside each other (the sub-pixel convolution of Shi et al., "Real-Time Single Image
/// and Video Super-Resolution", CVPR 2016, §3.2). With <c>y[s·q + i] = Σₜ x[q − t] · w[s·t + i]</c>, phase i has the kernel
/// <c>w[i], w[s + i], …</c> back to front.
/// </summary>
/// <param name="Strides">The stride of each spatial axis: one axis, or two.</param>
/// <param name="Kernel">The lengths of the ConvTranspose's kernel.</param>
/// <param name="Pads">The Conv's padding: all beginnings, then all ends.</param>
/// <param name="Crops">What remains to be cut off the result: all beginnings, then all ends.</param>
internal sealed record SubpixelConvolution(long[] Strides, long[] Kernel, long[] Pads, long[] Crops)
{
    /// <summary>
    /// A kernel that no stride divides is filled up with zeros, which multiply as slowly as weights: worth it up to as many zeros as
    /// weights, as integers gain more than that.
    /// </summary>
    private const int MaxProductsPerWeight = 2;

    /// <summary>How many channels stand for one.</summary>
    public long Phases => Strides.Aggregate((product, stride) => product * stride);

    /// <summary>The lengths of the Conv's kernel.</summary>
    public long[] PhaseKernel => [.. Kernel.Zip(Strides, (length, stride) => (length + stride - 1) / stride)];

    /// <summary>Finds the form of a ConvTranspose.</summary>
    /// <param name="node">The node.</param>
    /// <param name="weight">Its weights, [input channels, output channels, kernel …].</param>
    /// <param name="reason">Why it has none; null where it has.</param>
    public static SubpixelConvolution? Find(NodeProto node, TensorProto weight, out string? reason)
    {
        int axes = weight.Dims.Count - 2;
        long[] kernel = [.. weight.Dims.Skip(2)];
        long[] strides = node.GetInts("strides", axes, 1), added = node.GetInts("output_padding", axes, 0);
        long[] pads = node.GetInts("pads", 2 * axes, 0);
        reason = axes is not (1 or 2)
            ? "ONNX Runtime has no integer ConvTranspose, and only one with one or two spatial axes can be written as a Conv"
            : node.GetInt("group", 1) != 1
                ? "ONNX Runtime has no integer ConvTranspose, and only one with a single group can be written as a Conv"
            : node.GetInts("dilations", axes, 1).Any(dilation => dilation != 1)
                ? "ONNX Runtime has no integer ConvTranspose, and only one without dilation can be written as a Conv"
            : node.GetText("auto_pad", "NOTSET") is not ("NOTSET" or "VALID")
                || node.Attribute.Any(attribute => attribute.Name == "output_shape")
                ? "ONNX Runtime has no integer ConvTranspose, and only one with explicit padding can be written as a Conv"
            : null;
        if (reason is not null)
        {
            return null;
        }

        SubpixelConvolution form = new(strides, kernel, new long[2 * axes], new long[2 * axes]);
        for (int axis = 0; axis < axes; axis++)
        {
            // The phases' kernel reaches over its first and last value: without padding begins and ends would be missing. What is cut off
            // in whole strides need not be computed.
            long reach = form.PhaseKernel[axis] - 1;
            long begin = pads[axis], end = (strides[axis] * (reach + 1)) - kernel[axis] - added[axis] + pads[axes + axis];
            long skippedBegin = Math.Min(begin / strides[axis], reach), skippedEnd = Math.Min(end / strides[axis], reach);
            form.Pads[axis] = reach - skippedBegin;
            form.Pads[axes + axis] = reach - skippedEnd;
            form.Crops[axis] = begin - (skippedBegin * strides[axis]);
            form.Crops[axes + axis] = end - (skippedEnd * strides[axis]);
        }

        reason = form.Crops.Any(crop => crop < 0)
            ? "ONNX Runtime has no integer ConvTranspose, and its output padding cannot be written as a Conv"
            : form.Phases * Product(form.PhaseKernel) > MaxProductsPerWeight * Product(kernel)
                ? "ONNX Runtime has no integer ConvTranspose, and as a Conv it would multiply by more zeros than weights"
            : null;
        return reason is null ? form : null;
    }

    /// <summary>
    /// The codes of the weights, [input channels, output channels, kernel …], as those of the Conv: [phases · output channels, input
    /// channels, kernel …], the last axis' phase outermost.
    /// </summary>
    public TensorProto Rearrange(TensorProto codes)
    {
        (int inputs, int outputs) = ((int)codes.Dims[0], (int)codes.Dims[1]);
        (int height, int width) = InTwo(Kernel);
        (int down, int across) = InTwo(Strides);
        (int rows, int columns) = InTwo(PhaseKernel);
        ReadOnlySpan<byte> from = codes.RawData.Span;
        byte[] to = new byte[across * down * outputs * inputs * rows * columns];
        for (int input = 0; input < inputs; input++)
        {
            for (int output = 0; output < outputs; output++)
            {
                for (int y = 0; y < height; y++)
                {
                    for (int x = 0; x < width; x++)
                    {
                        int channel = (((x % across * down) + (y % down)) * outputs) + output;
                        int place = ((rows - 1 - (y / down)) * columns) + columns - 1 - (x / across);
                        to[(((channel * inputs) + input) * rows * columns) + place] =
                            from[(((((input * outputs) + output) * height) + y) * width) + x];
                    }
                }
            }
        }

        return TensorData.Make<byte>(TensorProto.Types.DataType.Int8, to, [Phases * outputs, inputs, .. PhaseKernel]);
    }

    /// <summary>What there is one of a channel, once for each channel that stands for it.</summary>
    public T[] Repeat<T>(T[] values) => [.. Enumerable.Repeat(values, (int)Phases).SelectMany(value => value)];

    /// <summary>
    /// The operators that move the phases beside each other, with their constants: an axis at a time, as shapes are not known before a run,
    /// and with the channels last, so that whole rows of them are copied. DepthToSpace, which does the same, copies single bytes and takes
    /// as long as the ConvTranspose. Reshape would find a length for −1 by itself, but not where the batch is empty, as behind a detector
    /// that found nothing.
    /// </summary>
    public IEnumerable<NodeMove> Moves(long channels)
    {
        if (Phases > 1)
        {
            if (Strides.Length == 1)
            {
                yield return NodeMove.Transpose(0, 2, 1);
                yield return NodeMove.ReshapeGrowing(1, 2, Strides[0], 0, Strides[0] * Growth(0), channels);
                yield return NodeMove.Transpose(0, 2, 1);
            }
            else
            {
                yield return NodeMove.Transpose(0, 2, 3, 1);
                yield return NodeMove.ReshapeGrowing(2, 3, Strides[1], 0, 0, Strides[1] * Growth(1), Strides[0], channels);
                yield return NodeMove.Transpose(0, 2, 1, 3, 4);
                yield return NodeMove.ReshapeGrowing(2, 2, Strides[0], 0, 0, Strides[0] * Growth(0), channels);
                yield return NodeMove.Transpose(0, 3, 2, 1);
            }
        }

        if (Crops.Any(crop => crop > 0))
        {
            int axes = Strides.Length;
            yield return NodeMove.Slice(
                [.. Crops.Take(axes)],
                [.. Crops.Skip(axes).Select(crop => crop == 0 ? long.MaxValue : -crop)],
                [.. Enumerable.Range(2, axes).Select(axis => (long)axis)]);
        }
    }

    /// <summary>How much longer the Conv's result is than its input.</summary>
    private long Growth(int axis) => Pads[axis] + Pads[Strides.Length + axis] - (PhaseKernel[axis] - 1);

    private static (int First, int Last) InTwo(long[] lengths) =>
        lengths.Length == 1 ? (1, (int)lengths[0]) : ((int)lengths[0], (int)lengths[1]);

    private static long Product(long[] lengths) => lengths.Aggregate((product, length) => product * length);
}
