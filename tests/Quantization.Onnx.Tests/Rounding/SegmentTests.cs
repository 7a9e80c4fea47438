using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Models that run in segments while samples are looked at.</summary>
public sealed class SegmentTests : IDisposable
{
    private const int Width = 32, WeightBytes = Width * Width * sizeof(float);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_graph_is_cut_where_few_values_cross()
    {
        ModelProto model = Residual(layers: 6).Model;

        IReadOnlyList<ModelSegment> segments = SegmentCutter.Cut(model.Graph, 5 * WeightBytes);

        segments.Select(segment => string.Join(" ", segment.Inputs)).Should().Equal("", "r1", "r3");
        segments.Select(segment => string.Join(" ", segment.Outputs)).Should().Equal("r1", "r3", "");
        segments.SelectMany(segment => segment.Nodes).Should().Equal(
            model.Graph.Node.Where(node => node.OpType != "Transpose"), "what computes constants goes where it is needed");
        SegmentCutter.Cut(model.Graph, 100 * WeightBytes).Should().ContainSingle().Which.Inputs.Should().BeEmpty();
        SegmentCutter.Cut(model.Graph, 1).Should().HaveCount(13, "each of twelve products reads more, and a sum follows the last");
        ModelProto disordered = model.Clone();
        disordered.Graph.Node.Clear();
        disordered.Graph.Node.Add(model.Graph.Node.Reverse());
        SegmentCutter.Cut(disordered.Graph, 1).Should().ContainSingle();
    }

    [Theory]
    [InlineData(WeightMethod.Weighted)]
    [InlineData(WeightMethod.Gptq)]
    [InlineData(WeightMethod.AwqGptq)]
    public void Segments_change_no_byte_of_the_file(WeightMethod method)
    {
        string stories = SharedFolder.Models("stories260K", "model.onnx"), external = _folder.PathTo("external.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(4)]);
        using (FileStream data = File.Create(_folder.PathTo("weights.data")))
        {
            File.WriteAllBytes(external, ModelStore.MoveTensors(ModelFile.Load(stories).Model, "weights.data", data).ToByteArray());
        }

        byte[] whole = Quantize(stories, long.MaxValue);

        SegmentCutter.Cut(ModelFile.Load(stories).Model.Graph, 100_000).Should().HaveCountGreaterThan(5);
        Quantize(stories, 100_000).Should().Equal(whole);
        Quantize(external, 100_000).Should().Equal(whole);

        byte[] Quantize(string path, long segmentBytes)
        {
            string output = _folder.PathTo("out.onnx");
            IRecipe recipe = new WeightOnlyOptions { Bits = 4, Method = method }.ToRecipe();
            new RecipeRunner(new PtqOptions(), null, CancellationToken.None)
            {
                RoundingSamples = samples, SegmentBytes = segmentBytes, LargestInMemory = segmentBytes,
            }.Run(path, recipe, _ => throw new InvalidOperationException("nothing is observed"), () => null, output);
            return File.ReadAllBytes(output);
        }
    }

    [Fact]
    public void Values_of_all_types_cross_and_those_that_no_file_can_hold_keep_the_model_whole()
    {
        ModelBuilder crossing = AddLayers(
            Residual(layers: 1).Node("Shape", ["x"], "shape").Node("Greater", ["x", "r0"], "mask"), 1, 3);
        crossing.Node("Reshape", ["r2", "shape"], "shaped").Node("Where", ["mask", "shaped", "r0"], "chosen");
        AddProduct(crossing, "chosen");
        ModelBuilder sequence = AddLayers(
            new ModelBuilder().Input("x", -1, Width).Node("SplitToSequence", ["x"], "parts", ModelBuilder.Int("axis", 1)), 0, 2);
        sequence.Node("ConcatFromSequence", ["parts"], "joined", ModelBuilder.Int("axis", 1)).Node("Add", ["joined", "r1"], "added");
        AddProduct(sequence, "added");

        CompareSums(crossing, "r1", "chosen", "a0").Should().BeGreaterThan(2);
        CompareSums(sequence, "r0", "added").Should().Be(1);
    }

    [Fact]
    public void Samples_that_become_more_are_refused()
    {
        FloatModel model = Load(Residual(layers: 3).Output("r2", -1, Width));
        int reads = 0;
        ISampleSource samples = SampleSource.FromEnumerable(Growing());
        using GramRun run = new(model, samples, null, null, CancellationToken.None, 3 * WeightBytes);

        Action collect = () => run.Collect(new Dictionary<string, int> { ["r1"] = Width });

        collect.Should().Throw<InvalidDataException>().WithMessage("sample 2: there were fewer samples before*");

        IEnumerable<ModelSample> Growing()
        {
            int count = reads++ == 0 ? 2 : 3;
            for (int i = 0; i < count; i++)
            {
                yield return Sample(i);
            }
        }
    }

    /// <summary>The sums of a model in small segments and as a whole, which must be equal. Asks in an order that goes back.</summary>
    private int CompareSums(ModelBuilder builder, params string[] inputs)
    {
        FloatModel model = Load(builder);
        SampleList samples = new([.. Enumerable.Range(0, 5).Select(Sample)]);
        using GramRun whole = new(model, samples, null, null, CancellationToken.None), parts = new(
            model, samples, null, null, CancellationToken.None, 2 * WeightBytes);
        foreach (string input in (string[])[.. inputs, .. inputs.Reverse()])
        {
            Dictionary<string, int> one = new() { [input] = Width };
            parts.Collect(one)[input].Sums.Should().Equal(whole.Collect(one)[input].Sums, input);
        }

        return parts.Segments;
    }

    private FloatModel Load(ModelBuilder builder) =>
        FloatModel.Load(builder.Save(_folder.PathTo("model.onnx")), new WeightOnlyOptions { Bits = 4 }.ToRecipe(), null);

    private static ModelSample Sample(int seed) =>
        new($"sample {seed}", SampleTensor.Create<float>("x", RandomTensors.Normal(seed, (2 + seed) * Width), 2 + seed, Width));

    private static void AddProduct(ModelBuilder model, string input) => model
        .Constant("last", RandomTensors.Normal(9, Width * Width, 0.1), Width, Width)
        .Node("MatMul", [input, "last"], "y").Output("y", -1, Width);

    private static ModelBuilder Residual(int layers) => AddLayers(new ModelBuilder().Input("x", -1, Width), 0, layers);

    /// <summary>Adds layers of two products, the second one with stored weights that are transposed first, and a sum around both.</summary>
    private static ModelBuilder AddLayers(ModelBuilder model, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            string before = i == 0 ? "x" : $"r{i - 1}";
            model.Constant($"v{i}", RandomTensors.Normal(2 * i, Width * Width, 0.1), Width, Width)
                .Constant($"w{i}", RandomTensors.Normal(2 * i + 1, Width * Width, 0.1), Width, Width)
                .Node("Transpose", [$"w{i}"], $"t{i}").Node("MatMul", [before, $"v{i}"], $"a{i}").Node("Relu", [$"a{i}"], $"b{i}")
                .Node("MatMul", [$"b{i}", $"t{i}"], $"c{i}").Node("Add", [before, $"c{i}"], $"r{i}");
        }

        return model;
    }
}
