namespace Quantization.Onnx;

/// <summary>
/// Quantizes the weights of models alone, without samples: the matrices of MatMul and Gemm and the tables of embeddings become int8, and
/// every activation stays float. The most accurate way to a file of a quarter of its
/// size. Safe to use from several threads.
/// </summary>
public static class WeightQuantizer
{
    /// <summary>Writes the quantized form of a model.</summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or a name in
    /// <see cref="DataFreeOptions.FloatNodes"/> is no node's.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or quantized.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Quantize(
        string modelPath, string outputPath, WeightOnlyOptions? options = null, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        (options ?? new WeightOnlyOptions()).Quantize(modelPath, outputPath, progress, cancellationToken);
}
