using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>
/// Silero's voice activity detector: 32 ms of sound and what it remembers in, the probability of speech out. All of it lies in the branches
/// of an If, one for each rate.
/// </summary>
internal sealed class SpeechDetector : IDisposable
{
    public const int Rate = 16_000;
    public const int StateLength = 2 * 128;

    private const int Frame = 512;
    private const int Context = 64;

    private static readonly NpmPackage Package = new("@ricky0123/vad-web", "0.0.31");

    private readonly InferenceSession _session;

    public SpeechDetector(string modelPath) => _session = new InferenceSession(modelPath);

    public static string ModelPath => Package.PathTo("dist/silero_vad_v6.onnx");

    /// <summary>How many frames a sound has.</summary>
    public static int FramesIn(float[] sound) => (sound.Length - Context) / Frame;

    /// <summary>Sound as a sample of the model's three inputs: a frame with the end of the one before, the memory, the rate.</summary>
    public static ModelSample ToSample(float[] sound, int frame, float[] state) => new(
        $"frame {frame}",
        SampleTensor.Create<float>("input", sound.AsSpan(frame * Frame, Context + Frame), 1, Context + Frame),
        SampleTensor.Create<float>("state", state, 2, 1, 128),
        SampleTensor.Create<long>("sr", [Rate]));

    /// <summary>
    /// Vowels of a synthetic voice, three formants each and four syllables a second, that pause every other second; noise lies under all.
    /// </summary>
    public static float[] Synthesize(int seed, int seconds)
    {
        (double, double, double)[] vowels = [(730, 1090, 2440), (270, 2290, 3010), (530, 1840, 2480), (570, 840, 2410), (300, 870, 2240)];
        Random random = new(seed);
        float[] sound = new float[seconds * Rate];
        (double First, double Second, double Third) vowel = vowels[0];
        double pitch = 120, phase = 0;
        for (int i = 0; i < sound.Length; i++)
        {
            if (i % (Rate / 4) == 0)
            {
                vowel = vowels[random.Next(vowels.Length)];
                pitch = 110 + random.Next(50);
            }

            pitch *= 1 - 0.2 / Rate;
            phase += 2 * Math.PI * pitch / Rate;
            double voice = 0;
            for (int harmonic = 1; harmonic * pitch < 4000; harmonic++)
            {
                double frequency = harmonic * pitch;
                double gain =
                    Peak(frequency, vowel.First, 80) + 0.5 * Peak(frequency, vowel.Second, 100) + 0.25 * Peak(frequency, vowel.Third, 140);
                voice += gain * Math.Sin(harmonic * phase);
            }

            double syllable = Math.Pow(Math.Sin(Math.PI * i * 4 / Rate), 2);
            double loudness = i / Rate % 2 == 0 ? syllable : 0;
            sound[i] = (float)(0.2 * loudness * voice + 0.002 * (random.NextDouble() - 0.5));
        }

        return sound;

        static double Peak(double frequency, double formant, double width) => 1 / (1 + Math.Pow((frequency - formant) / width, 2));
    }

    /// <summary>Whether each frame is speech, by the usual threshold of one half.</summary>
    public bool[] Decide(float[] sound)
    {
        float[] state = new float[StateLength];
        bool[] decisions = new bool[FramesIn(sound)];
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
