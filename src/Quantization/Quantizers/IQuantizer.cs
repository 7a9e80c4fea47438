using System.Numerics.Tensors;

namespace Quantization;

/// <summary>
/// A mapping from real values to codes and back. Implementations are immutable and safe to use from several threads at once.
/// </summary>
public interface IQuantizer
{
    /// <summary>The codes: storage type and interval in use.</summary>
    CodeFormat Format { get; }

    /// <summary>Which values share a scale.</summary>
    Granularity Granularity { get; }

    /// <summary>The scales and zero-points.</summary>
    QuantizationParameters Parameters { get; }

    /// <summary>Maps each value to its code.</summary>
    /// <param name="source">The values, of any strides.</param>
    /// <param name="codes">
    /// Receives the codes as ONNX <c>raw_data</c>: a dense span of <c>Format.GetByteCount(source.FlattenedLength)</c> bytes, row-major.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths do not fit, or the source has no shape that the granularity and the number of parameters allow.
    /// </exception>
    void Quantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<byte> codes);

    /// <summary>Maps each code to the real value it stands for.</summary>
    /// <param name="codes">The codes as <see cref="Quantize"/> writes them.</param>
    /// <param name="destination">Receives the values; its shape is the tensor's.</param>
    /// <exception cref="ArgumentException">The lengths or shapes do not fit.</exception>
    void Dequantize(in ReadOnlyTensorSpan<byte> codes, in TensorSpan<float> destination);

    /// <summary>
    /// Quantizes and dequantizes in one go: each value becomes the nearest value that has a code. <paramref name="destination"/> may be
    /// <paramref name="source"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    void FakeQuantize(in ReadOnlyTensorSpan<float> source, in TensorSpan<float> destination);
}
