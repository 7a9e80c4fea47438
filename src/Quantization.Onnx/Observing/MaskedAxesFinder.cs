using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds which axes of a model's values follow a mask: from the names of axes where the model declares them, otherwise by running a
/// sample with one more or one less position and with one more row, which shows the axes that change. Where the model takes no other
/// lengths, an axis as long as the sequence follows, unless a constant of the model has an axis of that length too.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="maskInput">The input that masks positions.</param>
/// <param name="inputs">The model's inputs.</param>
/// <param name="shapesOf">Runs the model and gives the shapes of its values; null where the model does not run on these inputs.</param>
internal sealed class MaskedAxesFinder(
    ModelProto model,
    string maskInput,
    IReadOnlyDictionary<string, NodeMetadata> inputs,
    Func<IReadOnlyDictionary<string, OrtValue>, IReadOnlyDictionary<string, long[]>?> shapesOf)
{
    private const int ShortestToCut = 3;

    /// <summary>Finds the axes of the values.</summary>
    /// <param name="values">The values' names.</param>
    /// <param name="bound">A sample with padding.</param>
    /// <param name="mask">Its mask.</param>
    /// <returns>The axes of each value; null for a value whose axes stay unknown.</returns>
    public Dictionary<string, MaskedAxes?> Find(IEnumerable<string> values, BoundSample bound, PaddingMask mask)
    {
        Dictionary<string, MaskedAxes?> found = values.ToDictionary(value => value, FindDeclared);
        string[] rest = [.. found.Where(each => each.Value is null).Select(each => each.Key)];
        if (rest.Length == 0 || shapesOf(bound.Inputs) is not { } shapes)
        {
            return found;
        }

        int sequence = mask.Sequence < ShortestToCut ? mask.Sequence + 1 : mask.Sequence - 1;
        IReadOnlyDictionary<string, long[]>? other = ShapesOf(bound, mask, mask.Batch, sequence),
            wider = ShapesOf(bound, mask, mask.Batch + 1, mask.Sequence);
        bool isAmbiguous = mask.Sequence == mask.Batch || model.AllTensors().Any(tensor => tensor.Dims.Contains(mask.Sequence));
        foreach (string value in rest.Where(shapes.ContainsKey))
        {
            found[value] = Find(
                shapes[value], other is null ? null : other.GetValueOrDefault(value, []), wider is null
                    ? null
                    : wider.GetValueOrDefault(value, []), mask, sequence, isAmbiguous);
        }

        return found;
    }

    private static MaskedAxes? Find(long[] shape, long[]? other, long[]? wider, PaddingMask mask, int otherSequence, bool isAmbiguous)
    {
        if ((other is not null && other.Length != shape.Length)
            || (wider is not null && wider.Length != shape.Length)
            || (other is null && isAmbiguous))
        {
            return null;
        }

        int? batch = null;
        List<int> sequence = [];
        for (int i = 0; i < shape.Length; i++)
        {
            bool isSequence = other is null ? shape[i] == mask.Sequence : other[i] != shape[i];
            bool isBatch = wider is null ? mask.Batch > 1 && shape[i] == mask.Batch && !isSequence : wider[i] != shape[i];
            long both = isBatch ? mask.Batch : 1;
            if (isSequence && (shape[i] != both * mask.Sequence || (other is not null && other[i] != both * otherSequence)))
            {
                return null;
            }

            if (isBatch && (batch is not null
                || shape[i] % mask.Batch != 0
                || (wider is not null && wider[i] != shape[i] / mask.Batch * (mask.Batch + 1))))
            {
                return null;
            }

            batch = isBatch ? i : batch;
            sequence.AddRange(isSequence ? [i] : []);
        }

        return new MaskedAxes(batch, sequence);
    }

    /// <summary>What the names of a value's axes tell; null where the model does not declare all of them.</summary>
    private MaskedAxes? FindDeclared(string value)
    {
        if (ShapeOf(maskInput) is not [{ DimParam: { Length: > 0 } batch }, { DimParam: { Length: > 0 } sequence }] || batch == sequence
            || ShapeOf(value) is not { Length: > 0 } axes || axes.Any(axis => axis.DimParam.Length == 0 && !axis.HasDimValue))
        {
            return null;
        }

        return new MaskedAxes(
            Array.FindIndex(axes, axis => axis.DimParam == batch) is >= 0 and var found ? found : null,
            Enumerable.Range(0, axes.Length).Where(i => axes[i].DimParam == sequence));
    }

    private TensorShapeProto.Types.Dimension[]? ShapeOf(string value) =>
        model.Graph.Input.Concat(model.Graph.ValueInfo).Concat(model.Graph.Output).FirstOrDefault(each => each.Name == value)
            ?.Type?.TensorType?.Shape?.Dim.ToArray();

    /// <summary>The shapes where the sample has other lengths; null where the model does not take them.</summary>
    private IReadOnlyDictionary<string, long[]>? ShapesOf(BoundSample bound, PaddingMask mask, int batch, int sequence)
    {
        if (bound.Inputs.Values.Any(value => !value.IsTensor || value.GetTensorTypeAndShape().ElementDataType == TensorElementType.String))
        {
            return null;
        }

        Dictionary<string, OrtValue> resized = [];
        using BoundSample other = new(resized);
        foreach ((string name, OrtValue value) in bound.Inputs)
        {
            resized[name] = Resize(value, inputs[name].Dimensions, mask, batch, sequence);
        }

        return resized[maskInput].GetTensorTypeAndShape().Shape is [var rows, var positions] && rows == batch && positions == sequence
            ? shapesOf(resized)
            : null;
    }

    /// <summary>The input with other lengths where it has the mask's; what is added repeats what is there.</summary>
    private static OrtValue Resize(OrtValue value, int[] declared, PaddingMask mask, int batch, int sequence)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        long[] shape = info.Shape, wanted = [.. shape];
        wanted = wanted.Length > 0 && shape[0] == mask.Batch && IsFree(0) ? [batch, .. wanted[1..]] : wanted;
        wanted = wanted.Length > 1 && shape[1] == mask.Sequence && IsFree(1) ? [wanted[0], sequence, .. wanted[2..]] : wanted;
        OrtValue resized = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, info.ElementDataType, wanted);
        ReadOnlySpan<byte> source = value.GetTensorMutableRawData();
        Span<byte> destination = resized.GetTensorMutableRawData();
        int rows = shape.Length > 0 ? (int)shape[0] : 1, columns = shape.Length > 1 ? (int)shape[1] : 1;
        int length = source.Length / Math.Max(1, rows * columns), newColumns = wanted.Length > 1 ? (int)wanted[1] : 1;
        for (int i = 0; length > 0 && i < destination.Length / length; i++)
        {
            source.Slice((i / newColumns % rows * columns + i % newColumns % columns) * length, length).CopyTo(destination[(i * length)..]);
        }

        return resized;

        bool IsFree(int axis) => declared.Length <= axis || declared[axis] < 0;
    }
}
