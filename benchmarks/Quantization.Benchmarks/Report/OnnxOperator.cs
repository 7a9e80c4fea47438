using Microsoft.ML.OnnxRuntime;
using Quantization.Oracles;

namespace Quantization.Benchmarks.Report;

/// <summary>An ONNX Runtime session of one or two operators on one thread, with all memory given beforehand.</summary>
internal sealed unsafe class OnnxOperator : IDisposable
{
    private readonly SessionOptions _options =
        new() { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
    private readonly RunOptions _run = new();
    private readonly InferenceSession _session;
    private readonly List<string> _inputNames = [];
    private readonly List<OrtValue> _inputs = [];
    private readonly List<string> _outputNames = [];
    private readonly List<OrtValue> _outputs = [];

    public OnnxOperator(OnnxOperatorModel model)
    {
        _session = new InferenceSession(model.Build(), _options);
    }

    public OnnxOperator Input(
        string name, byte* data, nint bytes, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType type, params long[] shape)
    {
        _inputNames.Add(name);
        _inputs.Add(OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)data, bytes));
        return this;
    }

    public OnnxOperator Output(
        string name, byte* data, nint bytes, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType type, params long[] shape)
    {
        _outputNames.Add(name);
        _outputs.Add(OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)data, bytes));
        return this;
    }

    public void Run() => _session.Run(_run, _inputNames, _inputs, _outputNames, _outputs);

    public void Dispose()
    {
        foreach (OrtValue value in _inputs.Concat(_outputs))
        {
            value.Dispose();
        }

        _session.Dispose();
        _run.Dispose();
        _options.Dispose();
    }
}
