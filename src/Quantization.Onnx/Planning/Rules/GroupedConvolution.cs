using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A Conv of several groups in a form whose integer kernel is fast. ONNX Runtime multiplies a small matrix for each group, one after the
/// other. With one input and four outputs a group that takes ten times as long as in float. Only a Conv whose groups have one input and
/// one output each has a kernel of its own.
/// </summary>
/// <param name="Groups">The number of groups of the written Conv.</param>
/// <param name="Repeats">How often each channel of the input is repeated.</param>
/// <param name="Merged">How many groups become one. Their weights for each other's inputs are zeros.</param>
internal sealed record GroupedConvolution(long Groups, long Repeats, long Merged)
{
    /// <summary>
    /// How many inputs a group gets at most by merging. Twice as many would be up to a fifth faster, for twice the bytes; with more than
    /// that the zeros cost more than they gain.
    /// </summary>
    private const long MaxInputs = 16;

    /// <summary>Finds the form of a Conv.</summary>
    /// <param name="node">The node.</param>
    /// <param name="weight">Its weights, [outputs, inputs of a group, kernel …].</param>
    /// <returns>Null where the Conv is fast as it is.</returns>
    public static GroupedConvolution? Find(NodeProto node, TensorProto weight)
    {
        long groups = node.GetInt("group", 1), outputs = weight.Dims[0], inputs = weight.Dims[1];
        if (groups < 2 || outputs % groups != 0 || outputs == 0)
        {
            return null;
        }

        if (inputs == 1)
        {
            return outputs == groups ? null : new GroupedConvolution(outputs, outputs / groups, 1);
        }

        long merged = groups;
        while (merged > 1 && (groups % merged != 0 || merged * inputs > MaxInputs))
        {
            merged--;
        }

        return merged == 1 ? null : new GroupedConvolution(groups / merged, 1, merged);
    }

    /// <summary>The channels of the input in the order in which the written Conv reads them; null where that is their own.</summary>
    public long[]? Channels => Repeats == 1 ? null : [.. Enumerable.Range(0, (int)Groups).Select(output => output / Repeats)];

    /// <summary>The codes of the weights with zeros for the inputs of the other groups that were merged.</summary>
    /// <param name="codes">The codes of the weights, of 8 bits, [outputs, inputs of a group, kernel …].</param>
    public TensorProto Widen(TensorProto codes)
    {
        if (Merged == 1)
        {
            return codes;
        }

        int outputs = (int)codes.Dims[0], row = (int)codes.StrideOf(0), outputsOfGroup = outputs / (int)(Groups * Merged);
        ReadOnlySpan<byte> from = codes.RawData.Span;
        byte[] to = new byte[outputs * row * Merged];
        for (int output = 0; output < outputs; output++)
        {
            int place = output / outputsOfGroup % (int)Merged;
            from.Slice(output * row, row).CopyTo(to.AsSpan(((output * (int)Merged) + place) * row));
        }

        long[] shape = [outputs, codes.Dims[1] * Merged, .. codes.Dims.Skip(2)];
        return TensorData.Make<byte>((TensorProto.Types.DataType)codes.DataType, to, shape);
    }
}
