using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Matches samples with a model's inputs: by name or position, with the batch axis added where a sample lacks it.</summary>
internal static class SampleBinder
{
    /// <summary>Checks a sample against a model's inputs and copies it into the runtime's memory.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="inputs">The model's inputs in their order, as <see cref="InferenceSession.InputMetadata"/> has them.</param>
    /// <exception cref="InvalidDataException">
    /// A name, rank, shape or element type does not fit, or a value is NaN or infinite; the message names the sample and the input.
    /// </exception>
    public static BoundSample Bind(ModelSample sample, IReadOnlyDictionary<string, NodeMetadata> inputs) => Bind([sample], inputs);

    /// <summary>The same for samples that <see cref="CanStack"/>, joined along the batch axis.</summary>
    public static BoundSample Bind(IReadOnlyList<ModelSample> samples, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        samples = [.. samples.Select(sample => TokenInputs.Complete(sample, inputs))];
        Dictionary<string, OrtValue> values = new(inputs.Count);
        BoundSample bound = new(values);
        List<(string Name, NodeMetadata Metadata, long[] Shape, SampleTensor[] Tensors)> joined = new(inputs.Count);
        foreach ((string name, NodeMetadata metadata) in inputs)
        {
            (long[] shape, SampleTensor[] tensors) = Match(samples, name, joined.Count, metadata, inputs);
            joined.Add((name, metadata, shape, tensors));
        }

        try
        {
            // Data of files is read only now that every input of every sample is known to fit.
            foreach ((string name, NodeMetadata metadata, long[] shape, SampleTensor[] tensors) in joined)
            {
                values.Add(name, Join(samples, name, metadata, shape, tensors));
            }

            return bound;
        }
        catch
        {
            bound.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether two samples can be run as one batch: every input of the model has a free batch axis, and both samples have the same shape
    /// beyond it.
    /// </summary>
    /// <exception cref="InvalidDataException">A sample does not fit the model.</exception>
    public static bool CanStack(ModelSample first, ModelSample second, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        int position = 0;
        (first, second) = (TokenInputs.Complete(first, inputs), TokenInputs.Complete(second, inputs));
        foreach ((string name, NodeMetadata metadata) in inputs)
        {
            long[] a = GetShape(first, Find(first, name, position, inputs), name, metadata);
            long[] b = GetShape(second, Find(second, name, position, inputs), name, metadata);
            if (metadata.Dimensions is not [< 0, ..] || a.Length != b.Length || !a.AsSpan(1).SequenceEqual(b.AsSpan(1)))
            {
                return false;
            }

            position++;
        }

        return true;
    }

    /// <summary>Finds an input in each sample and gives its shape when all are joined.</summary>
    private static (long[] Shape, SampleTensor[] Tensors) Match(
        IReadOnlyList<ModelSample> samples,
        string name,
        int position,
        NodeMetadata metadata,
        IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        long[] shape = [];
        SampleTensor[] tensors = new SampleTensor[samples.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = Find(samples[i], name, position, inputs);
            long[] next = GetShape(samples[i], tensors[i], name, metadata);
            if (i == 0)
            {
                shape = next;
            }
            else
            {
                shape[0] += next[0];
            }
        }

        return (shape, tensors);
    }

    private static OrtValue Join(
        IReadOnlyList<ModelSample> samples, string name, NodeMetadata metadata, long[] shape, SampleTensor[] tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
        {
            ThrowUnlessFinite(samples[i], tensors[i], name);
        }

        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, metadata.ElementDataType, shape);
        Span<byte> destination = value.GetTensorMutableRawData();
        foreach (SampleTensor tensor in tensors)
        {
            tensor.Data.CopyTo(destination);
            destination = destination[tensor.Data.Length..];
        }

        return value;
    }

    private static SampleTensor Find(ModelSample sample, string name, int position, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        foreach (SampleTensor tensor in sample.Inputs)
        {
            if (tensor.Name is not null && !inputs.ContainsKey(tensor.Name))
            {
                throw new InvalidDataException(
                    $"{sample.Name}: the model has no input '{VisibleText.Short(tensor.Name)}'; "
                    + $"its inputs are {string.Join(", ", inputs.Keys.Select(known => $"'{known}'"))}.");
            }
        }

        foreach (SampleTensor tensor in sample.Inputs)
        {
            if (tensor.Name == name)
            {
                return tensor;
            }
        }

        if (position < sample.Inputs.Length && sample.Inputs[position].Name is null)
        {
            return sample.Inputs[position];
        }

        throw new InvalidDataException(
            $"{sample.Name}: input '{name}' is missing; a sample needs a value for each of "
                + $"{string.Join(", ", inputs.Keys.Select(known => $"'{known}'"))}.");
    }

    /// <summary>The shape that the tensor is run with, after checking it against the model's.</summary>
    private static long[] GetShape(ModelSample sample, SampleTensor tensor, string name, NodeMetadata metadata)
    {
        if (!metadata.IsTensor)
        {
            throw new InvalidDataException(
                $"{sample.Name}: input '{name}' of the model is a {metadata.OnnxValueType}; samples can only hold tensors.");
        }

        if (tensor.ElementType != metadata.ElementDataType)
        {
            throw new InvalidDataException(
                $"{sample.Name}: input '{name}' holds {SampleElementType.NameOf(tensor.ElementType)}, but the model takes "
                    + $"{SampleElementType.NameOf(metadata.ElementDataType)}; convert the sample.");
        }

        // ONNX Runtime shows an unknown rank as rank 0, so a model's rank 0 constrains nothing here.
        ReadOnlySpan<int> dimensions = metadata.Dimensions;
        long[] shape = tensor.Shape.Length == dimensions.Length - 1 ? [1, .. tensor.Shape] : tensor.Shape.ToArray();
        bool fits = dimensions.Length == 0 || shape.Length == dimensions.Length;
        for (int i = 0; fits && i < dimensions.Length; i++)
        {
            fits = dimensions[i] < 0 || dimensions[i] == shape[i];
        }

        if (!fits)
        {
            throw new InvalidDataException(
                $"{sample.Name}: input '{name}' has shape {SampleShape.Format(tensor.Shape)}, but the model takes "
                    + $"{SampleShape.Format(dimensions, metadata.SymbolicDimensions)}, with or without the first axis.");
        }

        return shape;
    }

    private static void ThrowUnlessFinite(ModelSample sample, SampleTensor tensor, string name)
    {
        int index = tensor.ElementType switch
        {
            TensorElementType.Float => IndexOfNonFinite<float>(tensor.Data),
            TensorElementType.Double => IndexOfNonFinite<double>(tensor.Data),
            TensorElementType.Float16 => IndexOfNonFinite<Half>(tensor.Data),
            _ => -1,
        };
        if (index >= 0)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{sample.Name}: element {index} of input '{name}' is NaN or infinite; remove the sample or repair its values."));
        }
    }

    private static int IndexOfNonFinite<T>(ReadOnlySpan<byte> data)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(data);
        if (values.IsEmpty || TensorPrimitives.IsFiniteAll(values))
        {
            return -1;
        }

        int index = 0;
        while (T.IsFinite(values[index]))
        {
            index++;
        }

        return index;
    }
}
