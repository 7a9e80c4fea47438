using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.GenAi;

/// <summary>The tokens that language models read and write.</summary>
public sealed class TokenSpeedTests
{
    private static readonly string Cached = SharedFolder.Models("stories260K", "genai", "model.onnx"),
        Plain = SharedFolder.Models("stories260K", "model.onnx");

    private static readonly ModelSample Story = new SampleFolder(SharedFolder.Models("stories260K", "evaluate")).First();

    [Fact]
    public void Tokens_written_with_the_cache_are_those_of_the_whole_text()
    {
        const int Steps = 12;
        long[] prompt = MemoryMarshal.Cast<byte, long>(Story.Inputs[0].Data)[..20].ToArray();
        using EvaluatedModel model = EvaluatedModel.Load(OnnxModel.FromFile(Cached), null, CancellationToken.None);
        TextGeneration generation = new(model);

        long[] written = generation.Run(prompt, Steps, TestContext.Current.CancellationToken);

        using InferenceSession session = new(Plain);
        using RunOptions run = new();
        List<long> text = [.. prompt];
        for (int step = 0; step < Steps; step++)
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(text.ToArray(), [1, text.Count]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["input_ids"], [input], ["logits"]);
            float[] logits = outputs[0].GetTensorDataAsSpan<float>()[^512..].ToArray();
            text.Add(Array.IndexOf(logits, logits.Max()));
        }

        written.Should().Equal(text.Skip(prompt.Length));
    }

    [Fact]
    public void Both_models_are_measured_where_they_have_a_cache()
    {
        TokenSpeedComparison speeds = TokenSpeedMeter.Measure(Cached, Cached, Story, null, TestContext.Current.CancellationToken)!;

        speeds.Float.PromptTokens.Should().Be(128);
        speeds.Float.PromptTokensPerSecond.Should().BeGreaterThan(speeds.Float.TokensPerSecond);
        speeds.Ratio.Should().BeInRange(0.3, 3, "both are the same model");
        TokenSpeedMeter.Measure(Plain, Plain, Story).Should().BeNull("there is no cache");
        TokenSpeedMeter.Measure(Cached, Cached, new ModelSample("none", SampleTensor.Create<float>("x", [1], 1))).Should()
            .BeNull("there are no tokens");
    }
}
