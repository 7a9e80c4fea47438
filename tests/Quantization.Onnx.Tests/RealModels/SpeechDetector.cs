using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>Silero's voice activity detector: 32 ms of sound and what it remembers in, the probability of speech out. All of it lies in the branches of an If, one for each rate.</summary>
internal sealed class SpeechDetector : IDisposable
{
    public const int Rate = 16_000;

    private const int Frame = 512;
    private const int Context = 64;
    private const int StateLength = 2 * 128;

    private static readonly NpmPackage Package = new("@ricky0123/vad-web", "0.0.31");

    private readonly InferenceSession _session;

    public SpeechDetector(string modelPath) => _session = new InferenceSession(modelPath);

    public static string ModelPath => Package.PathTo("dist/silero_vad_v6.onnx");

    /// <summary>Sound as a sample of the model's three inputs: a frame with the end of the one before, the memory, the rate.</summary>
    public static ModelSample ToSample(float[] sound, int frame, float[] state) => new(
        $"frame {frame}",
        SampleTensor.Create<float>("input", sound.AsSpan(frame * Frame, Context + Frame), 1, Context + Frame),
        SampleTensor.Create<float>("state", state, 2, 1, 128),
        SampleTensor.Create<long>("sr", [Rate]));

    /// <summary>Vowel-like tones that come and go over noise.</summary>
    public static float[] Synthesize(int seed, int seconds)
    {
        Random random = new(seed);
        float[] sound = new float[seconds * Rate];
        double pitch = 120, phase = 0;
        for (int i = 0; i < sound.Length; i++)
        {
            pitch += i % 1000 == 0 ? random.NextDouble() * 20 - 10 : 0;
            phase += 2 * Math.PI * Math.Clamp(pitch, 80, 250) / Rate;
            double voice = Enumerable.Range(1, 20).Sum(harmonic => Math.Sin(harmonic * phase) * Math.Exp(-Math.Pow((harmonic * pitch - 700) / 500, 2)));
            double loudness = Math.Max(0, Math.Sin(2 * Math.PI * i / (1.7 * Rate)));
            sound[i] = (float)(0.1 * loudness * voice + 0.005 * (random.NextDouble() - 0.5));
        }

        return sound;
    }

    /// <summary>Whether each frame is speech, by the usual threshold of one half.</summary>
    public bool[] Decide(float[] sound)
    {
        float[] state = new float[StateLength];
        bool[] decisions = new bool[(sound.Length - Context) / Frame];
        using RunOptions run = new();
        for (int i = 0; i < decisions.Length; i++)
        {
            using BoundSample bound = SampleBinder.Bind(ToSample(sound, i, state), _session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, bound.Inputs, ["output", "stateN"]);
            decisions[i] = outputs[0].GetTensorDataAsSpan<float>()[0] > 0.5f;
            outputs[1].GetTensorDataAsSpan<float>().CopyTo(state);
        }

        return decisions;
    }

    public void Dispose() => _session.Dispose();
}
