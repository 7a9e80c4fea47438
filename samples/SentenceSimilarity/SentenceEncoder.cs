using FastBertTokenizer;
using Microsoft.ML.OnnxRuntime;

/// <summary>Embeds a sentence: the mean of the encoder's outputs over all tokens.</summary>
internal sealed class SentenceEncoder : IDisposable
{
    private const int MostTokens = 128;
    private readonly BertTokenizer _tokenizer = new();
    private readonly InferenceSession _session;

    public SentenceEncoder(string model)
    {
        _session = new InferenceSession(model);
        using StreamReader vocabulary = new(EncoderFiles.OpenVocabulary());
        _tokenizer.LoadVocabulary(vocabulary, convertInputToLowercase: true);
    }

    public float[] Embed(string sentence)
    {
        long[] tokens = _tokenizer.Encode(sentence, MostTokens).InputIds.ToArray();
        long[] ones = new long[tokens.Length];
        Array.Fill(ones, 1);
        long[] shape = [1, tokens.Length];
        using OrtValue ids = OrtValue.CreateTensorValueFromMemory(tokens, shape);
        using OrtValue mask = OrtValue.CreateTensorValueFromMemory(ones, shape);
        using OrtValue types = OrtValue.CreateTensorValueFromMemory(new long[tokens.Length], shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs =
            _session.Run(run, ["input_ids", "attention_mask", "token_type_ids"], [ids, mask, types], [_session.OutputNames[0]]);
        ReadOnlySpan<float> states = outputs[0].GetTensorDataAsSpan<float>();
        float[] mean = new float[states.Length / tokens.Length];
        for (int i = 0; i < states.Length; i++)
        {
            mean[i % mean.Length] += states[i] / tokens.Length;
        }

        return mean;
    }

    public void Dispose() => _session.Dispose();
}
