using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>Reads text lines with a recognizer's file, float or quantized.</summary>
internal sealed class Recognizer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string[] _alphabet = OcrModels.Alphabet;

    public Recognizer(string modelPath)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        _session = new InferenceSession(modelPath, options);
    }

    public double ErrorRate(IEnumerable<TextLine> lines) =>
        Ctc.ErrorRate(lines.Select(line => (line.Text, Ctc.Decode(Scores(line), _alphabet))));

    public float[] Scores(TextLine line)
    {
        using OrtValue pixels = OrtValue.CreateTensorValueFromMemory(line.Pixels, [1, 3, TextLine.Height, line.Width]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(
            run, new Dictionary<string, OrtValue> { ["x"] = pixels }, _session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose() => _session.Dispose();
}
