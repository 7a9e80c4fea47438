using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The types and shapes of the values that cross from one segment of a model to the next, as ONNX Runtime found them.</summary>
internal sealed class SegmentTypes
{
    private readonly Dictionary<string, TypeProto.Types.Tensor> _types = [];

    /// <summary>Takes the type of a value down; false where its tensors cannot be in a file.</summary>
    /// <param name="name">The value.</param>
    /// <param name="metadata">What the session that makes it says.</param>
    public bool TryAdd(string name, NodeMetadata metadata)
    {
        if (!metadata.IsTensor || metadata.ElementDataType == TensorElementType.String)
        {
            return false;
        }

        TypeProto.Types.Tensor type = new() { ElemType = (int)metadata.ElementDataType };

        // ONNX Runtime shows an unknown rank as rank 0.
        if (metadata.Dimensions.Length > 0)
        {
            type.Shape = new TensorShapeProto();
            for (int i = 0; i < metadata.Dimensions.Length; i++)
            {
                type.Shape.Dim.Add(metadata.Dimensions[i] >= 0 ? new TensorShapeProto.Types.Dimension { DimValue = metadata.Dimensions[i] }
                    : metadata.SymbolicDimensions[i] is { Length: > 0 } symbol ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                    : new TensorShapeProto.Types.Dimension());
            }
        }

        _types[name] = type;
        return true;
    }

    /// <summary>Whether the type of a value was taken down.</summary>
    public bool Knows(string name) => _types.ContainsKey(name);

    /// <summary>Forgets a shape that a value contradicts: a model may say so by mistake, and runs all the same.</summary>
    public void Check(string name, OrtValue value)
    {
        TypeProto.Types.Tensor type = _types[name];
        long[] shape = value.GetTensorTypeAndShape().Shape;
        bool fits = type.Shape is null || (type.Shape.Dim.Count == shape.Length
            && type.Shape.Dim.Zip(shape).All(each => !each.First.HasDimValue || each.First.DimValue == each.Second));
        if (!fits)
        {
            type.Shape = null;
        }
    }

    /// <summary>A value as an input of a graph.</summary>
    public ValueInfoProto Describe(string name) => new() { Name = name, Type = new TypeProto { TensorType = _types[name] } };
}
