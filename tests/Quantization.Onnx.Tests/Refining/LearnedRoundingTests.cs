using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Samples teach which weights are rounded up and which down.</summary>
public sealed class LearnedRoundingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    /// <summary>What ONNX Runtime makes of a Conv is each patch by the weights of its group.</summary>
    [Theory]
    [InlineData(1, 1, 1, 0)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(2, 1, 2, 2)]
    [InlineData(4, 2, 1, 1)]
    public void Patches_are_what_a_convolution_multiplies(int groups, int stride, int dilation, int padding)
    {
        const int Inputs = 4, Outputs = 8;
        float[] weights = RandomTensors.Normal(1, Outputs * (Inputs / groups) * 3 * 2);
        string path = new ModelBuilder().Input("x", 2, Inputs, 9, 7)
            .Constant("w", weights, Outputs, Inputs / groups, 3, 2)
            .Node("Conv", ["x", "w"], "y", ModelBuilder.Int("group", groups), ModelBuilder.Ints("strides", stride, 1), ModelBuilder.Ints(
                "dilations", 1, dilation), ModelBuilder.Ints("pads", padding, 0, padding, 1))
            .Output("y").Save(_folder.PathTo("model.onnx"));
        float[] x = RandomTensors.Normal(2, 2 * Inputs * 9 * 7);
        QuantizableNode layer = StaticInt8Recipe.Load(path, null, TargetRuntime.TensorRT)
            .Analysis.Whole.Nodes.Single(node => node.Weight is not null);
        using InferenceSession session = new(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [2, Inputs, 9, 7]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        float[] expected = outputs[0].GetTensorDataAsSpan<float>().ToArray();

        LayerPatches patches = LayerPatches.Of(layer)!;
        long positions = patches.CountPositions([2, Inputs, 9, 7]), plane = positions / 2;

        (positions * Outputs).Should().Be(expected.Length);
        float[] rows = new float[patches.Groups * patches.Length];
        for (long position = 0; position < positions; position++)
        {
            patches.Read(x, [2, Inputs, 9, 7], position, rows);
            for (int channel = 0; channel < Outputs; channel++)
            {
                int group = channel / (Outputs / groups);
                double sum = Enumerable.Range(0, patches.Length)
                    .Sum(i => (double)rows[group * patches.Length + i] * weights[channel * patches.Length + i]);
                expected[(position / plane * Outputs + channel) * plane + position % plane].Should().BeApproximately((float)sum, 1e-4f);
            }
        }
    }

    /// <summary>One group, few long rows and many short ones are added up in ways of their own.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void The_covariance_of_a_convolutions_inputs_is_the_sum_over_its_patches(int groups)
    {
        const int Inputs = 8;
        string path = new ModelBuilder().Input("x", 1, Inputs, 6, 5)
            .Constant("w", RandomTensors.Normal(1, Inputs * (Inputs / groups) * 3 * 2), Inputs, Inputs / groups, 3, 2)
            .Node("Conv", ["x", "w"], "y", ModelBuilder.Int("group", groups), ModelBuilder.Ints("pads", 1, 0, 1, 0))
            .Output("y").Save(_folder.PathTo("model.onnx"));
        LayerPatches patches = LayerPatches.Of(
            StaticInt8Recipe.Load(path, null, TargetRuntime.TensorRT).Analysis.Whole.Nodes.Single(node => node.Weight is not null))!;
        long[] shape = [1, Inputs, 6, 5];
        int length = patches.Length, positions = (int)patches.CountPositions(shape);
        InputCovariance covariance = new(patches);
        double[] expected = new double[groups * length * length], centre = new double[groups * length];
        for (int sample = 0; sample < 3; sample++)
        {
            float[] x = RandomTensors.Normal(sample + 2, Inputs * 6 * 5), rows = new float[groups * length];
            covariance.Add(x, shape, int.MaxValue, new Random(1));
            for (int position = 0; sample == 0 && position < positions; position++)
            {
                patches.Read(x, shape, position, rows);
                for (int i = 0; i < rows.Length; i++)
                {
                    centre[i] += (double)rows[i] / positions;
                }
            }

            for (int position = 0; position < positions; position++)
            {
                patches.Read(x, shape, position, rows);
                for (int i = 0; i < expected.Length; i++)
                {
                    int first = i / (length * length) * length, a = first + i / length % length, b = first + i % length;
                    expected[i] += (rows[a] - centre[a]) * (rows[b] - centre[b]);
                }
            }
        }

        float[] found = [.. covariance.Finish().SelectMany(group => group.ToArray())];
        found.Should().HaveCount(expected.Length);
        found.Zip(expected).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-3);
        expected.Max().Should().BeGreaterThan(50);
    }

    /// <summary>All choices of few weights can be tried.</summary>
    [Fact]
    public void No_other_choice_of_one_weight_is_better_and_the_best_of_all_is_near()
    {
        double found = 0, nearest = 0, best = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            const int Length = 10;
            float[] weights = RandomTensors.Normal(seed, Length, 3), mixed = RandomTensors.Normal(seed + 100, Length * Length),
                covariance = new float[Length * Length];
            for (int i = 0; i < Length * Length; i++)
            {
                covariance[i] = Enumerable.Range(0, Length).Sum(k => mixed[i / Length * Length + k] * mixed[i % Length * Length + k]);
            }

            sbyte[] offsets = new sbyte[Length];
            RoundingDescent.Find(weights, covariance, [.. Enumerable.Range(0, Length)], 127, offsets);

            double[] all = [.. Enumerable.Range(0, 1 << Length).Select(
                choice => Error(weights, covariance, i => (choice >> i & 1) == 0 ? MathF.Floor(weights[i]) : MathF.Ceiling(weights[i])))];
            found += Error(weights, covariance, i => MathF.Round(weights[i]) + offsets[i]);
            nearest += Error(weights, covariance, i => MathF.Round(weights[i]));
            best += all.Min();
            offsets.Should().OnlyContain(offset => Math.Abs(offset) <= 1);
        }

        found.Should().BeLessThan(0.6 * nearest).And.BeInRange(best, 2 * best);
    }

    [Fact]
    public void Codes_stay_within_the_format()
    {
        sbyte[] offsets = new sbyte[2];

        RoundingDescent.Find([6.6f, -6.6f], [1, 0.99f, 0.99f, 1], [0, 1], 7, offsets);

        offsets.Should().Equal(0, 0);
        RoundingDescent.Find([6.4f, 6.4f], [1, 0.99f, 0.99f, 1], [0, 1], 7, offsets);
        offsets.Should().Equal(1, 0);
        RoundingDescent.Find([6.4f, 6.4f], [1, 0.99f, 0.99f, 1], [0, 1], 6, offsets);
        offsets.Should().Equal([0, 0], "7 is no code");
    }

    [Fact]
    public void Weights_of_few_bits_come_nearer_and_the_plan_gives_the_same_bytes()
    {
        string path = GraphCases.Image().Conv("x", "a", 3, 8).Node("Relu", ["a"], "r").Conv("r", "b", 8, 8).Conv("b", "y", 8, 2)
            .Output("y", 1, 2, 8, 8).Save(_folder.PathTo("model.onnx"));
        SampleList samples = RandomTensors.Samples(24, GraphCases.ImageShape);
        string planPath = _folder.PathTo("plan.json"), again = _folder.PathTo("again.onnx");
        PtqOptions options = new() { WeightFormat = CodeFormat.Signed(4) };

        PtqResult nearest = PostTrainingQuantizer.Quantize(path, samples, again, options with { LearnRounding = false });
        PtqResult learned = PostTrainingQuantizer.Quantize(path, samples, Output, options);
        learned.Plan.Save(planPath);

        learned.Refinement!.LearnedLayers.Should().Be(3);
        learned.Refinement.LossAfter.Should().BeLessThan(0.9 * nearest.Refinement!.LossAfter);
        nearest.Refinement.LearnedLayers.Should().Be(0);
        QuantizationPlan.Load(planPath).Should().Be(learned.Plan);
        PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(planPath), again);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
        PostTrainingQuantizer.Quantize(path, samples, again, options);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
    }

    [Fact]
    public void Offsets_of_other_weights_and_text_that_is_none_are_refused()
    {
        ImmutableArray<sbyte> offsets = [0, 1, -1, 0, -1, -1, 1, 0];

        RoundingOffsets.Read(RoundingOffsets.Write(offsets.AsSpan()))!.Value.Should().Equal(offsets);
        RoundingOffsets.Read("###").Should().BeNull();
        RoundingOffsets.Read(Convert.ToBase64String([0b10])).Should().BeNull();

        string path = GraphCases.Image().Conv("x", "y", 3, 2).Output("y", 1, 2, 8, 8).Save(_folder.PathTo("model.onnx"));
        QuantizationPlan plan = PostTrainingQuantizer.Quantize(path, RandomTensors.Samples(4, GraphCases.ImageShape), Output).Plan;
        QuantizationPlan wrong = plan with { Nodes = [.. plan.Nodes.Select(node => node with { RoundingOffsets = offsets })] };
        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(path, wrong, Output)).Should()
            .Throw<ArgumentException>().WithMessage("*8 rounding offsets*take 'roundingOffsets' out*");
    }

    private static double Error(float[] weights, float[] covariance, Func<int, float> codeOf)
    {
        double[] errors = [.. weights.Select((weight, i) => (double)codeOf(i) - weight)];
        return Enumerable.Range(0, covariance.Length).Sum(i => errors[i / errors.Length] * covariance[i] * errors[i % errors.Length]);
    }
}
