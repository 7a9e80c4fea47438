namespace Quantization.Onnx.Tests;

public sealed class GeneratedSamplesTests
{
    public static TheoryData<string> Zoo =>
    ["basic-pitch", "fastestdet", "openseeface-detection", "openseeface-landmarks", "openseeface-retinaface", "super-resolution",
        "yolox-nano", "yunet-n"];

    [Theory]
    [MemberData(nameof(Zoo))]
    public void Inputs_of_real_models_run(string name) => MakeAndCheck(SharedFolder.Models("zoo", $"{name}.onnx"));

    [Fact]
    public void Tokens_of_a_language_model_are_in_its_vocabulary() => MakeAndCheck(SharedFolder.Models("stories260K", "model.onnx"));

    [Fact]
    public void The_same_model_gets_the_same_inputs_and_each_is_another()
    {
        OnnxModel model = FashionExample.ModelPath;

        IReadOnlyList<ModelSample> once = GeneratedSamples.Make(model, null, 2, CancellationToken.None),
            again = GeneratedSamples.Make(model, null, 2, CancellationToken.None);

        once[0].Inputs[0].Data.ToArray().Should().Equal(again[0].Inputs[0].Data.ToArray());
        once[0].Inputs[0].Data.ToArray().Should().NotEqual(once[1].Inputs[0].Data.ToArray());
    }

    [Fact]
    public void A_model_that_no_generated_input_runs_through_asks_for_samples()
    {
        using TemporaryFolder folder = new();
        string model = new ModelBuilder().Input("x", -1, -1).Output("y", -1, -1).Constant("w", new float[77 * 3], 77, 3)
            .Node("MatMul", ["x", "w"], "y").Save(Path.Combine(folder.FullName, "odd.onnx"));

        FluentActions.Invoking(() => GeneratedSamples.Make(model, null, 1, CancellationToken.None))
            .Should().Throw<OnnxModelException>()
            .WithMessage($"{model}: no generated input runs through the model (*); give samples of its inputs.");
    }

    private static void MakeAndCheck(string path)
    {
        IReadOnlyList<ModelSample> samples = GeneratedSamples.Make(path, null, 2, CancellationToken.None);

        EvaluationResult result = ModelEvaluator.Evaluate(
            path, [], SampleSource.FromEnumerable(samples), new EvaluationOptions { LatencyRuns = 1 });

        result.Samples.Should().Be(2);
    }
}
