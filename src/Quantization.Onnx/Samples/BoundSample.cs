using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Samples as a session takes them: one value per input, ready for
/// <see cref="InferenceSession.Run(RunOptions, IReadOnlyDictionary{string, OrtValue}, IReadOnlyCollection{string})"/>.
/// </summary>
internal sealed class BoundSample : IDisposable
{
    private readonly Dictionary<string, OrtValue> _inputs;

    public BoundSample(Dictionary<string, OrtValue> inputs) => _inputs = inputs;

    /// <summary>The values by the names of the model's inputs.</summary>
    public IReadOnlyDictionary<string, OrtValue> Inputs => _inputs;

    public void Dispose()
    {
        foreach (OrtValue value in _inputs.Values)
        {
            value.Dispose();
        }
    }
}
