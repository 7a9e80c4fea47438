namespace Quantization.Onnx.Tests.GenAi;

/// <summary>The text that quantized folders of ONNX Runtime GenAI write, beside the float model's.</summary>
public sealed class GreedyTextTests : IDisposable
{
    private const int Prompts = 20, PromptTokens = 16, Steps = 64;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void More_bits_and_samples_follow_the_float_model_longer()
    {
        string path = SharedFolder.Models("stories260K", "genai", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(16)]);
        WeightOnlyOptions four = new() { Bits = 4 },
            eight = new() { Bits = 8, BlockSize = 32, AccuracyLevel = 1, Method = WeightMethod.Gptq };
        long[][] expected = Write(path);

        int nearest = Follow(WeightQuantizer.QuantizeFolder(Path.GetDirectoryName(path)!, _folder.PathTo("nearest"), four).OutputPath),
            gptq = Follow(WeightQuantizer.Quantize(path, samples, _folder.PathTo("gptq.onnx"), four).OutputPath),
            most = Follow(WeightQuantizer.Quantize(path, samples, _folder.PathTo("eight.onnx"), eight).OutputPath);

        gptq.Should().BeGreaterThan(nearest);
        most.Should().BeGreaterThan(Prompts * Steps / 2);

        int Follow(string model) =>
            Write(model).Zip(expected, (text, other) => text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count())
                .Sum();
    }

    /// <summary>The most likely tokens behind the beginnings of stories.</summary>
    private static long[][] Write(string model)
    {
        using EvaluatedModel loaded = EvaluatedModel.Load(OnnxModel.FromFile(model), null, CancellationToken.None);
        TextGeneration text = new(loaded);
        text.IsPossible.Should().BeTrue();
        return [.. new SampleFolder(SharedFolder.Models("stories260K", "evaluate")).Take(Prompts)
            .Select(story => text.Run(TokenInputs.ReadTokens(story)![..PromptTokens], Steps, CancellationToken.None))];
    }
}
