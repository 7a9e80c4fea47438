using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>A model whose operators all lie in branches, with a recurrent network among them.</summary>
public sealed class SpeechDetectorTests(ITestOutputHelper output) : IDisposable
{
    private const string Branch = "If_0/then_branch/If_0_then_branch__Inline_0__";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Convolutions_of_the_branch_that_samples_reach_run_on_integers()
    {
        float[] sound = SpeechDetector.Synthesize(seed: 1, seconds: 20);

        // Codes of what the Fourier transform gives lose quiet sounds, so it and its reader stay in float.
        PtqOptions options =
            new() { LatencyRuns = 0, FloatNodes = new HashSet<string> { $"{Branch}/stft/Conv", $"{Branch}/encoder/0/reparam_conv/Conv" } };
        PtqResult result = PostTrainingQuantizer.Quantize(
            SpeechDetector.ModelPath, new SampleList(Samples(sound)), _folder.PathTo("vad.onnx"), options);

        ShouldDecideAlike(result);
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 4 });
        result.QuantizedNodes.Should().HaveCount(4).And.OnlyContain(node => node.StartsWith("If_0/then_branch/", StringComparison.Ordinal));
        result.FloatNodes.Values.Distinct().Should()
            .BeEquivalentTo("kept in float as asked", "it is inside 'If_0' (If), else_branch: no sample reaches it");
    }

    [Fact]
    public void Recurrent_layers_whose_weights_are_cut_out_of_constants_become_dynamic()
    {
        PtqResult result = DynamicQuantizer.Quantize(SpeechDetector.ModelPath, _folder.PathTo("vad.onnx"));

        ShouldDecideAlike(result);
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["DynamicQuantizeLSTM"] = 4 });
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 8 / 10);
    }

    private void ShouldDecideAlike(PtqResult result)
    {
        float[] sound = SpeechDetector.Synthesize(seed: 2, seconds: 20);
        using SpeechDetector original = new(SpeechDetector.ModelPath);
        using SpeechDetector quantized = new(result.OutputPath);
        bool[] before = original.Decide(sound), after = quantized.Decide(sound);
        output.WriteLine(
            $"{before.Length} frames, {before.Count(speech => speech)} of speech, {result.QuantizedNodes.Count} nodes quantized");
        before.Should().Contain(true).And.Contain(false);
        before.Zip(after).Count(frame => frame.First == frame.Second).Should().BeGreaterThanOrEqualTo(before.Length * 99 / 100);
    }

    /// <summary>Frames, each with what the float model remembers of those before.</summary>
    private static ModelSample[] Samples(float[] sound)
    {
        using InferenceSession session = new(SpeechDetector.ModelPath);
        using RunOptions run = new();
        float[] state = new float[SpeechDetector.StateLength];
        ModelSample[] samples = new ModelSample[SpeechDetector.FramesIn(sound)];
        for (int i = 0; i < samples.Length; i++)
        {
            samples[i] = SpeechDetector.ToSample(sound, i, state);
            using BoundSample bound = SampleBinder.Bind(samples[i], session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, ["stateN"]);
            outputs[0].GetTensorDataAsSpan<float>().CopyTo(state);
        }

        return samples;
    }
}
