using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>
/// Converts models to half precision: float16 weights and arithmetic, with 32 bits where values would leave the range of float16; or
/// bfloat16 weights alone. The file halves. Safe to use from several threads.
/// </summary>
[SuppressMessage("ApiDesign", "RS0026:Do not add multiple overloads with optional parameters", Justification = "The overloads differ in a required argument, the samples, so no call is ambiguous.")]
public static class HalfPrecisionConverter
{
    /// <summary>
    /// Converts a model without data. The weights tell which nodes stay in 32 bits, and so do operators that often leave the range of
    /// float16.
    /// </summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <returns>What became of the model. <see cref="PtqResult.QuantizedNodes"/> are the nodes with 16-bit values, <see
    /// cref="PtqResult.FloatNodes"/> those that compute in 32 bits, and why.</returns>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, or the options do not go together or name a
    /// node that the model does not have.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or converted.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Convert(
        string modelPath, string outputPath, HalfPrecisionOptions? options = null, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Convert(modelPath, null, _ => throw new InvalidOperationException("Nothing is to be observed."), () => options?.LatencySample, outputPath, options ?? new HalfPrecisionOptions(), progress, cancellationToken);

    /// <summary>Converts a model after running samples, which show the activations that would leave the range of float16.</summary>
    /// <param name="modelPath">The float ONNX model.</param>
    /// <param name="samples">Inputs like those that the model will meet; they are enumerated once.</param>
    /// <param name="outputPath">The file to write. It appears whole or not at all; an existing one is replaced only when everything
    /// succeeded.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told of each stage and sample.</param>
    /// <param name="cancellationToken">Stops the work and leaves nothing behind.</param>
    /// <returns>The same as without samples.</returns>
    /// <exception cref="ArgumentException">A name is empty, the output is the model itself, there is no sample, or the options do not go
    /// together or name a node that the model does not have.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or converted.</exception>
    /// <exception cref="InvalidDataException">A sample does not fit the model's inputs, or it holds NaN or infinity.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PtqResult Convert(
        string modelPath,
        ISampleSource samples,
        string outputPath,
        HalfPrecisionOptions? options = null,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new HalfPrecisionOptions();
        FirstSampleKeeper keeper = new(samples);

        // A mask of attention holds infinities on purpose; float16 has them too.
        CalibrationOptions calibrating = new() { SessionOptionsFactory = options.SessionOptionsFactory, NonFinite = NonFiniteValues.Ignore };
        return Convert(modelPath, keeper, Observe, () => options.LatencySample ?? keeper.First, outputPath, options, progress, cancellationToken);

        ModelCalibration Observe(FloatModel model)
        {
            progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, 0, keeper.Count));
            return CalibrationRun.Run(model, keeper, calibrating, progress, cancellationToken);
        }
    }

    /// <summary>Converts a model by what an earlier conversion observed, if it did.</summary>
    internal static PtqResult Convert(string modelPath, ModelCalibration? observations, string outputPath, HalfPrecisionOptions options, CancellationToken cancellationToken) =>
        Convert(modelPath, observations, _ => observations!, () => options.LatencySample, outputPath, options, null, cancellationToken);

    private static PtqResult Convert(
        string modelPath,
        object? samples,
        Func<FloatModel, ModelCalibration> observe,
        Func<ModelSample?> findLatencySample,
        string outputPath,
        HalfPrecisionOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        PostTrainingQuantizer.ThrowUnlessPaths(modelPath, outputPath);
        if (options is { HasHalfInterface: true, Format: HalfFormat.BFloat16 })
        {
            throw new ArgumentException("HalfPrecisionOptions.HasHalfInterface goes with HalfFormat.Float16: weights alone are stored as bfloat16, and inputs and outputs are not.", nameof(options));
        }

        return new RecipeRunner(options.ToShared(), progress, cancellationToken).Run(modelPath, new HalfPrecisionRecipe(options, samples is not null), observe, findLatencySample, outputPath);
    }
}
