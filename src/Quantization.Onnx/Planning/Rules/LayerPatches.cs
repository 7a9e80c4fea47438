using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// What a layer multiplies by its weights, as rows: of a MatMul or Gemm the rows of its input, of a Conv the patches of values under its
/// kernel, one for each group of channels. Padding counts as 0.
/// </summary>
internal sealed class LayerPatches
{
    private readonly int _channels; // of a group; of a matrix the length of a row
    private readonly int[] _kernel;
    private readonly int[] _strides;
    private readonly int[] _dilations;
    private readonly int[] _padding; // before the first value of each axis, then behind the last

    private LayerPatches(int channels, int groups, int[] kernel, int[] strides, int[] dilations, int[] padding)
    {
        _channels = channels;
        _kernel = kernel;
        _strides = strides;
        _dilations = dilations;
        _padding = padding;
        Groups = groups;
        Length = kernel.Aggregate(channels, (product, size) => product * size);
    }

    /// <summary>Whether the rows are those of a matrix, so that each position is by itself.</summary>
    public bool IsOfRows => _kernel.Length == 0;

    /// <summary>The length of a row: the weights of one output channel.</summary>
    public int Length { get; }

    /// <summary>How many rows belong to a position, each for the output channels of one group.</summary>
    public int Groups { get; }

    /// <summary>The rows of a layer; null where its form is not known.</summary>
    public static LayerPatches? Of(QuantizableNode layer)
    {
        if (layer is not { Role: NodeRole.Weighted, Weight: { Subpixel: null } slot, Recurrence: null })
        {
            return null;
        }

        NodeProto node = layer.Node;
        int[] dims = [.. slot.Weight.Dims.Select(length => (int)length)];
        switch (node.OpType)
        {
            case "MatMul":
            case "Gemm" when node.GetInt("transA", 0) == 0:
                return new LayerPatches(dims[1 - slot.ChannelAxis], 1, [], [], [], []);
            case "Conv" when node.GetText("auto_pad", "NOTSET") is "NOTSET" or "VALID":
                int axes = dims.Length - 2;
                return new LayerPatches(
                    dims[1],
                    (int)node.GetInt("group", 1),
                    dims[2..],
                    [.. node.GetInts("strides", axes, 1).Select(value => (int)value)],
                    [.. node.GetInts("dilations", axes, 1).Select(value => (int)value)],
                    [.. node.GetInts("pads", 2 * axes, 0).Select(value => (int)value)]);
            default:
                return null;
        }
    }

    /// <summary>How many positions an input of a shape has.</summary>
    public long CountPositions(ReadOnlySpan<long> shape)
    {
        long positions = 1;
        for (int i = 0; i < (_kernel.Length == 0 ? shape.Length - 1 : 1); i++)
        {
            positions *= shape[i];
        }

        for (int axis = 0; axis < _kernel.Length; axis++)
        {
            positions *= ResultLength(shape, axis);
        }

        return positions;
    }

    /// <summary>Reads the rows of a position: row by row, or the first elements of all rows, then the second ones and so on.</summary>
    /// <param name="values">The input.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="position">The position, from 0.</param>
    /// <param name="rows">Where to write <see cref="Groups"/> rows of <see cref="Length"/>.</param>
    /// <param name="byElement">Whether the elements of the rows, not the rows, lie side by side.</param>
    public void Read(ReadOnlySpan<float> values, ReadOnlySpan<long> shape, long position, Span<float> rows, bool byElement = false)
    {
        if (_kernel.Length == 0)
        {
            values.Slice(checked((int)(position * Length)), Length).CopyTo(rows);
            return;
        }

        Span<int> first = stackalloc int[_kernel.Length];
        int plane = 1;
        for (int axis = _kernel.Length - 1; axis >= 0; axis--)
        {
            int length = ResultLength(shape, axis);
            first[axis] = (int)(position % length) * _strides[axis] - _padding[axis];
            position /= length;
            plane *= (int)shape[2 + axis];
        }

        int taps = Length / _channels, start = checked((int)(position * Groups * _channels * plane));
        for (int k = 0; k < taps; k++)
        {
            int rest = k, offset = 0, stride = 1;
            bool isInside = true;
            for (int axis = _kernel.Length - 1; axis >= 0; axis--)
            {
                int at = first[axis] + rest % _kernel[axis] * _dilations[axis];
                rest /= _kernel[axis];
                isInside &= at >= 0 && at < shape[2 + axis];
                offset += at * stride;
                stride *= (int)shape[2 + axis];
            }

            int from = start + offset;
            for (int group = 0; group < Groups; group++)
            {
                (int to, int step) = byElement ? (k * Groups + group, taps * Groups) : (group * Length + k, taps);
                for (int i = 0; i < _channels; i++, to += step, from += plane)
                {
                    rows[to] = isInside ? values[from] : 0;
                }
            }
        }
    }

    private int ResultLength(ReadOnlySpan<long> shape, int axis) => checked(
        (int)(shape[2 + axis] + _padding[axis] + _padding[_kernel.Length + axis] - _dilations[axis] * (_kernel[axis] - 1) - 1)
            / _strides[axis] + 1);
}
