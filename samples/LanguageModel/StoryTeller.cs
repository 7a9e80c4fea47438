using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

/// <summary>Continues a text with the likeliest token, again and again.</summary>
internal sealed class StoryTeller : IDisposable
{
    private const long Begin = 1;
    private readonly InferenceSession _session;
    private readonly Dictionary<long, string> _pieces;

    public StoryTeller(string model, string tokenizer)
    {
        _session = new InferenceSession(model);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(tokenizer));
        _pieces = document.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject()
            .ToDictionary(each => each.Value.GetInt64(), each => each.Name);
    }

    public string Write(int tokens)
    {
        List<long> text = [Begin];
        for (int i = 0; i < tokens; i++)
        {
            text.Add(Next([.. text]));
        }

        return string.Concat(text.Skip(1).Select(token => _pieces[token])).Replace('▁', ' ')
            .Replace("<0x0A>", " ", StringComparison.Ordinal).Trim();
    }

    public void Dispose() => _session.Dispose();

    private long Next(long[] tokens)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [1, tokens.Length]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, ["input_ids"], [input], ["logits"]);
        ReadOnlySpan<float> logits = outputs[0].GetTensorDataAsSpan<float>();
        ReadOnlySpan<float> last = logits[^(logits.Length / tokens.Length)..];
        return System.Numerics.Tensors.TensorPrimitives.IndexOfMax(last);
    }
}
