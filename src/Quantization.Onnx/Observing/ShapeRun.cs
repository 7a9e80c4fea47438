using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Runs a model to see the shapes of values. The session is opened when it is first needed.</summary>
/// <param name="model">The model.</param>
/// <param name="values">The values.</param>
/// <param name="sessionOptions">The user's session options; null for the defaults.</param>
internal sealed class ShapeRun(FloatModel model, IReadOnlyCollection<string> values, Func<SessionOptions>? sessionOptions) : IDisposable
{
    private readonly string[] _computed = [.. model.Model.Graph.Node.SelectMany(node => node.Output).Where(values.Contains)];
    private readonly string[] _given = [.. model.Model.Graph.Input.Select(input => input.Name).Where(values.Contains)];
    private InferenceSession? _session;

    /// <summary>The shapes; null where the model does not run on these inputs.</summary>
    public IReadOnlyDictionary<string, long[]>? Find(IReadOnlyDictionary<string, OrtValue> bound)
    {
        using ShapeObservation shapes = new(_computed);
        if (_computed.Length > 0)
        {
            _session ??= Open();
            using OrtValue address = OrtValue.CreateTensorValueFromMemory([shapes.Address], []);
            using RunOptions run = new();
            try
            {
                Dictionary<string, OrtValue> inputs = new(bound) { [Observer.AddressInput] = address };
                _session.Run(run, inputs, _session.OutputNames).Dispose();
            }
            catch (OnnxRuntimeException)
            {
                return null;
            }
        }

        return new Dictionary<string, long[]>(
            shapes.Shapes.Concat(_given.Select(input => KeyValuePair.Create(input, bound[input].GetTensorTypeAndShape().Shape))));
    }

    public void Dispose() => _session?.Dispose();

    private InferenceSession Open()
    {
        ModelProto copy = model.Model.Clone();
        Observer.Attach(copy, _computed);
        return ModelSession.Open(model.File.Path, copy, sessionOptions, options =>
        {
            Observer.Register(options);
            options.EnableCpuMemArena = false;
        });
    }
}
