using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

/// <summary>Reads a line: the likeliest character of each step, repetitions once, blanks left out.</summary>
internal sealed class Recognizer(string model, string[] alphabet) : IDisposable
{
    private readonly InferenceSession _session = new(model);

    public string Read(TextImage image)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image.Pixels, [1, 3, TextImage.Height, image.Width]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, ["x"], [input], _session.OutputNames);
        ReadOnlySpan<float> scores = outputs[0].GetTensorDataAsSpan<float>();
        List<string> characters = [];
        for (int last = 0; !scores.IsEmpty; scores = scores[alphabet.Length..])
        {
            int best = TensorPrimitives.IndexOfMax(scores[..alphabet.Length]);
            if (best != last)
            {
                characters.Add(alphabet[best]);
            }

            last = best;
        }

        return string.Concat(characters).Trim();
    }

    public void Dispose() => _session.Dispose();
}
