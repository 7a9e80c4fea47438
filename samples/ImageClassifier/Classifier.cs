using Microsoft.ML.OnnxRuntime;
using Quantization.Samples;

/// <summary>Runs the model. A session may be used by several requests at once.</summary>
internal sealed class Classifier(string path) : IDisposable
{
    private readonly InferenceSession _session = new(path);

    public Classification Classify(ReadOnlySpan<byte> image)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(FashionImages.Scale(image), [1, 1, 28, 28]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, ["image"], [input], ["logits"]);
        float[] logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        int best = logits.IndexOf(logits.Max());
        return new Classification(FashionImages.Classes[best], 1 / logits.Sum(logit => Math.Exp(logit - logits[best])));
    }

    public void Dispose() => _session.Dispose();
}
