using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>The value of one input: a dense, row-major tensor. Immutable.</summary>
/// <remarks>
/// A tensor from a file knows its name, element type and shape at once and reads its elements when <see cref="Data"/> is first asked for,
/// so that a sample which does not fit the model costs no memory.
/// </remarks>
public sealed class SampleTensor
{
    private readonly Lazy<byte[]> _data;
    private readonly long[] _shape;

    internal SampleTensor(string? name, TensorElementType elementType, long[] shape, byte[] data)
        : this(name, elementType, shape, new Lazy<byte[]>(data))
    {
    }

    /// <param name="name">The model input that this value is for; null for the input at the same position.</param>
    /// <param name="elementType">The type of the elements.</param>
    /// <param name="shape">The length of each axis.</param>
    /// <param name="read">Reads the elements; called once at most.</param>
    internal SampleTensor(string? name, TensorElementType elementType, long[] shape, Func<byte[]> read)
        : this(name, elementType, shape, new Lazy<byte[]>(read))
    {
    }

    private SampleTensor(string? name, TensorElementType elementType, long[] shape, Lazy<byte[]> data)
    {
        Name = name;
        ElementType = elementType;
        _shape = shape;
        _data = data;
    }

    /// <summary>The model input that this value is for; null for the input at the same position.</summary>
    public string? Name { get; }

    /// <summary>The type of the elements.</summary>
    public TensorElementType ElementType { get; }

    /// <summary>The length of each axis; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>
    /// The elements in the machine's byte order, row-major. Those of a file are read at the first call and kept as long as the tensor
    /// lives; several threads may ask at once.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is damaged, or it changed since its header was read.</exception>
    /// <exception cref="IOException">The file is gone or cannot be read.</exception>
    public ReadOnlySpan<byte> Data => _data.Value;

    /// <summary>Whether the elements are in memory.</summary>
    internal bool IsRead => _data.IsValueCreated;

    /// <summary>Copies the values of an input.</summary>
    /// <typeparam name="T">
    /// <see cref="float"/>, <see cref="double"/>, <see cref="Half"/>, <see cref="Float16"/>, <see cref="BFloat16"/>, <see cref="bool"/> or
    /// an integer of 8 to 64 bits.
    /// </typeparam>
    /// <param name="name">The model input that this value is for; null for the input at the same position.</param>
    /// <param name="values">The elements, row-major.</param>
    /// <param name="shape">The length of each axis, with or without the batch axis; none for a scalar.</param>
    /// <exception cref="ArgumentException">
    /// The shape has a negative length or does not hold as many elements as <paramref name="values"/>.
    /// </exception>
    /// <exception cref="NotSupportedException">ONNX has no such element type.</exception>
    public static SampleTensor Create<T>(string? name, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        long elements = 1;
        foreach (long length in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(shape));
            elements = checked(elements * length);
        }

        if (elements != values.Length)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A shape of {SampleShape.Format(shape)} has {elements} elements, but {values.Length} values were given."),
                nameof(shape));
        }

        return new SampleTensor(name, SampleElementType.Of<T>(), shape.ToArray(), MemoryMarshal.AsBytes(values).ToArray());
    }
}
