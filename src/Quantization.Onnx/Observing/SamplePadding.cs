using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Tells which values of samples are padding, for runs that look at values in sessions of their own.</summary>
/// <param name="model">The model.</param>
/// <param name="values">The values that are looked at.</param>
/// <param name="options">What to do with padding.</param>
/// <param name="sessionOptions">The user's session options; null for the defaults.</param>
internal sealed class SamplePadding(
    FloatModel model, IReadOnlyCollection<string> values, PaddingOptions options, Func<SessionOptions>? sessionOptions) : IDisposable
{
    private readonly ShapeRun _shapes = new(model, values, sessionOptions);
    private PaddingFilter? _filter;

    /// <summary>
    /// Whether the whole model may run to find the axes that follow a mask. Where it may not, because it is too large for memory, names of
    /// axes in the model and in the options alone tell them.
    /// </summary>
    public bool CanRun { get; init; } = true;

    /// <summary>What is padding in a sample; null where nothing is.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="bound">The sample in the runtime's memory, with all inputs of the model.</param>
    /// <param name="inputs">The model's inputs, as a session tells them.</param>
    public PaddedSample? Find(ModelSample sample, BoundSample bound, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        _filter ??= new PaddingFilter(options, model, values, inputs, each => CanRun ? _shapes.Find(each) : null);
        return _filter.Find(sample, bound);
    }

    public void Dispose() => _shapes.Dispose();
}
