namespace Quantization.Onnx;

/// <summary>How a node takes part in an int8 island.</summary>
internal enum NodeRole
{
    /// <summary>Multiplies by constant weights, which are quantized too: where the size and the time of a model go.</summary>
    Weighted,

    /// <summary>
    /// Multiplies two computed values, MatMul. Quantized for itself, like <see cref="Weighted"/>, for runtimes that gain from it.
    /// </summary>
    Product,

    /// <summary>
    /// Looks rows up in a constant table, Gather: the table becomes codes as weights do, and the rows looked up floats. Quantized for
    /// itself, for its size; it reads no activation.
    /// </summary>
    TableLookup,

    /// <summary>
    /// Combines values and has a range of its own: Add, Mul, Concat, Sigmoid, pooling. Quantized between weighted nodes only, to keep them
    /// connected.
    /// </summary>
    Arithmetic,

    /// <summary>
    /// Moves values without computing, so that its output has its input's parameters: Reshape, MaxPool. Quantized like
    /// <see cref="Arithmetic"/>.
    /// </summary>
    DataMovement,
}
