using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Scales of what attention makes of values, given back by the product that makes these.</summary>
public sealed class ValueFoldTests : IDisposable
{
    private static readonly WeightOnlyOptions Options = new() { Bits = 8, BlockSize = 32, AccuracyLevel = 0, Method = WeightMethod.Awq };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Heads_that_share_values_share_scales()
    {
        IReadOnlyList<ScaleFold> folds = Find(SharedFolder.Models("stories260K", "model.onnx"));

        folds.Select(fold => fold.Product!.Node).Should().Equal(Enumerable.Range(0, 5).Select(layer => $"layers.{layer}.wv"));
        folds.SelectMany(fold => fold.Readers.Select(reader => reader.Node)).Should()
            .Equal(Enumerable.Range(0, 5).Select(layer => $"layers.{layer}.wo"));
        // two heads of 8 columns read the same values
        int[] shared = [.. Enumerable.Range(0, 64).Select(column => column / 16 * 8 + column % 8)];
        folds.Should().OnlyContain(fold => fold.Channels!.SequenceEqual(shared));
    }

    [Fact]
    public void One_attention_alone_shares_the_scales_of_each_column()
    {
        const int Tokens = 8, Width = 64;
        string path = new ModelBuilder().Input("x", 1, Tokens, Width)
            .Constant("wv", RandomTensors.Normal(1, Width * Width, 0.2), Width, Width)
            .Constant("wo", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width)
            .Node("MatMul", ["x", "wv"], "v").Node("Transpose", ["x"], "t", ModelBuilder.Ints("perm", 0, 2, 1))
            .Node("MatMul", ["x", "t"], "s")
            .Node("Softmax", ["s"], "p").Node("MatMul", ["p", "v"], "a").Node("MatMul", ["a", "wo"], "y").Output("y", 1, Tokens, Width)
            .Save(_folder.PathTo("attention.onnx"));

        ModelSample sample = new("one", SampleTensor.Create<float>("x", RandomTensors.Normal(3, Tokens * Width), 1, Tokens, Width));

        ScaleFold fold = Find(path, sample: sample).Should().ContainSingle().Subject;

        fold.Product!.Node.Should().Be("v-node");
        fold.Readers.Select(reader => reader.Node).Should().Equal("y-node");
        fold.Channels.Should().Equal(Enumerable.Range(0, Width));
    }

    [Fact]
    public void A_model_that_runs_in_segments_gives_the_same()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");

        IReadOnlyList<ScaleFold> whole = Find(path), cut = Find(path, segmentBytes: 64 << 10);

        cut.Select(fold => (fold.Value, fold.Product!.Node)).Should().Equal(whole.Select(fold => (fold.Value, fold.Product!.Node)));
        cut.SelectMany(fold => fold.Channels!).Should().Equal(whole.SelectMany(fold => fold.Channels!));
    }

    [Fact]
    public void Values_that_a_cache_shows_are_not_scaled() =>
        Find(SharedFolder.Models("stories260K", "genai", "model.onnx")).Should().BeEmpty();

    [Fact]
    public void The_model_computes_what_it_did()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(4)]);
        double words = Stories.Perplexity(path);

        PtqResult scaled = WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), Options);
        PtqResult both = WeightQuantizer.Quantize(
            path, samples, _folder.PathTo("both.onnx"), Options with { Method = WeightMethod.AwqGptq });

        Stories.Perplexity(scaled.OutputPath).Should().BeInRange(0.999 * words, 1.001 * words);
        Stories.Perplexity(both.OutputPath).Should()
            .BeInRange(0.997 * words, 1.003 * words, "four texts tell GPTQ little, and 8 bits cost little");
    }

    [Fact]
    public void Samples_make_four_bits_cost_less_in_the_order_of_the_methods()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(32)]);
        WeightMethod[] methods = [WeightMethod.Weighted, WeightMethod.Awq, WeightMethod.Gptq, WeightMethod.AwqGptq];

        double[] errors = [.. methods.Select(method => WeightQuantizer.Quantize(
            path, samples, _folder.PathTo("out.onnx"), new WeightOnlyOptions { Bits = 4, Method = method })
            .RoundedLayers.Sum(layer => layer.Error))
        ];

        errors.Should().BeInDescendingOrder();
        errors[0].Should().BeGreaterThan(1.3 * errors[^1]);
    }

    private static IReadOnlyList<ScaleFold> Find(string path, long segmentBytes = SegmentedRun.UsualLimit, ModelSample? sample = null)
    {
        BlockWeightsRecipe recipe = (BlockWeightsRecipe)Options.ToRecipe();
        FloatModel model = FloatModel.Load(path, recipe, null);
        sample ??= new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).First();
        return ValueFolds.Find(model, recipe.Plan(model, null), sample, null, CancellationToken.None, segmentBytes);
    }
}
