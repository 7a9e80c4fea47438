namespace Quantization.Onnx;

/// <summary>A tensor in ONNX Runtime's memory.</summary>
/// <param name="ElementType">
/// The type of its elements, as <see cref="Microsoft.ML.OnnxRuntime.Tensors.TensorElementType"/> numbers them.
/// </param>
/// <param name="Data">Where it lies.</param>
/// <param name="Shape">Its shape.</param>
internal readonly record struct RuntimeTensor(int ElementType, nint Data, long[] Shape)
{
    /// <summary>The number of elements.</summary>
    public int Length => checked((int)Shape.Aggregate(1L, (product, axis) => checked(product * axis)));
}
