using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Passes;

public sealed class ModelCleanerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BatchNormalization_is_folded_and_nothing_else_is_said_about_the_model()
    {
        ModelFile file = ModelFile.Load(FashionExample.ModelPath);

        ModelProto cleaned = StaticInt8Recipe.Load(FashionExample.ModelPath, null, TargetRuntime.OnnxRuntimeCpu).Model;

        cleaned.Graph.Node.Should().HaveCount(file.Model.Graph.Node.Count - 17).And.NotContain(node => node.OpType == "BatchNormalization");
        cleaned.OpsetImport.Should().Equal(file.Model.OpsetImport);
        cleaned.IrVersion.Should().Be(file.Model.IrVersion);
        string path = _folder.PathTo("cleaned.onnx");
        File.WriteAllBytes(path, Google.Protobuf.MessageExtensions.ToByteArray(cleaned));
        Decibels.Sqnr(FashionExample.Logits(FashionExample.ModelPath, 50), FashionExample.Logits(path, 50)).Should().BeGreaterThan(100);
    }

    [Fact]
    public void The_argument_is_not_changed()
    {
        ModelFile file = ModelFile.Load(FashionExample.ModelPath);
        ModelCleaner.Clean(file.Path, file.Model, null);
        file.Model.Should().Be(ModelFile.Load(FashionExample.ModelPath).Model);
    }

    [Fact]
    public void Cleaning_twice_gives_the_same_model() =>
        StaticInt8Recipe.Load(FashionExample.ModelPath, null, TargetRuntime.OnnxRuntimeCpu).Model.Should()
            .Be(StaticInt8Recipe.Load(FashionExample.ModelPath, null, TargetRuntime.OnnxRuntimeCpu).Model);

    [Fact]
    public void A_weight_that_cleaning_leaves_as_it_was_is_in_memory_once()
    {
        ModelFile file = ModelFile.Load(ModelBuilder.Linear().Save(_folder.PathTo("model.onnx")));
        TensorProto original = file.Model.Graph.Initializer.MaxBy(tensor => tensor.RawData.Length)!;

        TensorProto cleaned = ModelCleaner.Clean(file.Path, file.Model, null)
            .Graph.Initializer.Single(tensor => tensor.Name == original.Name);

        original.RawData.IsEmpty.Should().BeFalse();
        (cleaned.RawData.Span == original.RawData.Span).Should().BeTrue("two spans are equal where they are of the same memory");
    }

    [Fact]
    public void The_users_session_options_are_used_for_every_session_and_owned_by_it()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        List<SessionOptions> made = [];
        SessionOptions Make()
        {
            made.Add(new SessionOptions { IntraOpNumThreads = 1 });
            return made[^1];
        }

        PostTrainingQuantizer.Quantize(
            model,
            ModelBuilder.LinearSamples(),
            _folder.PathTo("out.onnx"),
            new PtqOptions { SessionOptionsFactory = Make, Refine = false });

        made.Should().HaveCount(5)
            .And.OnlyHaveUniqueItems("cleaning, calibrating and inspecting take one session each, comparing latencies one for each model")
            .And.OnlyContain(options => options.IsClosed);
    }
}
