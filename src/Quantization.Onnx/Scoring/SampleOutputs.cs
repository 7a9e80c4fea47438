using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// What a model made of one sample, beside what the reference model made of it. Valid until the next sample is asked for.
/// </summary>
public sealed class SampleOutputs
{
    private readonly IReadOnlyDictionary<string, OutputSlice> _outputs;

    internal SampleOutputs(ModelSample sample, IReadOnlyDictionary<string, OutputSlice> outputs)
    {
        Sample = sample;
        _outputs = outputs;
    }

    /// <summary>The sample.</summary>
    public ModelSample Sample { get; }

    /// <summary>The model's outputs of floats, by name. Those of other widths than 32 bits are seen as 32-bit floats too.</summary>
    public IEnumerable<string> Names => _outputs.Keys;

    /// <summary>The values of an output, row-major.</summary>
    /// <exception cref="KeyNotFoundException">There is no such output of floats.</exception>
    public ReadOnlySpan<float> GetValues(string name) => Find(name).Values;

    /// <summary>The reference model's values of an output, row-major.</summary>
    /// <exception cref="KeyNotFoundException">There is no such output of floats.</exception>
    public ReadOnlySpan<float> GetReference(string name) => Find(name).Reference;

    /// <summary>The shape of an output, the batch axis included.</summary>
    /// <exception cref="KeyNotFoundException">There is no such output of floats.</exception>
    public ReadOnlySpan<long> GetShape(string name) => Find(name).Shape;

    private OutputSlice Find(string name) => _outputs.TryGetValue(name, out OutputSlice? output)
        ? output
        : throw new KeyNotFoundException(
            $"The model has no output '{name}' of floats; it has {string.Join(", ", _outputs.Keys.Select(known => $"'{known}'"))}.");
}
