using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Bits of their own for each matrix, within a budget.</summary>
public sealed class BitBudgetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bits_go_where_they_take_most_error_away_for_their_cost()
    {
        BitChoice[] even = [new(2, 20, 0.2), new(4, 40, 0.01), new(8, 80, 0.001)],
            hard = [new(2, 20, 0.9), new(4, 40, 0.5), new(8, 80, 0.02)],
            large = [new(2, 200, 0.2), new(4, 400, 0.01), new(8, 800, 0.001)];

        BitAllocation.Choose([even, hard, large], 239).Should().BeNull("the fewest bits take 240");
        BitAllocation.Choose([even, hard, large], 240).Should().Equal(0, 0, 0);
        BitAllocation.Choose([even, hard, large], 260).Should().Equal(0, 1, 0);
        BitAllocation.Choose([even, hard, large], 300).Should()
            .Equal([1, 1, 0], "no matrix gets a second step before the others have their first");
        BitAllocation.Choose([even, hard, large], 320).Should().Equal([1, 2, 0], "the large one cannot be raised any more");
        BitAllocation.Choose([even, even, large], 260).Should().Equal([1, 0, 0], "the first of equal ones");
        BitAllocation.Choose([even, hard, large], 10_000).Should().Equal(2, 2, 2);
        BitAllocation.Choose([[new(2, 20, 0), new(4, 40, 0)]], 100).Should().Equal([0], "nothing is gained");
    }

    [Theory]
    [InlineData(1_262_000, BlockForm.MatMulNBits)]
    [InlineData(1_300_000, BlockForm.MatMulNBits)]
    [InlineData(1_330_000, BlockForm.MatMulNBits)]
    [InlineData(1_330_000, BlockForm.DequantizeLinear)]
    public void A_file_stays_below_its_budget_and_comes_again_from_its_plan(long most, BlockForm form)
    {
        string path = SharedFolder.Models("stories260K", "model.onnx"), again = _folder.PathTo("again.onnx"),
            plan = _folder.PathTo("plan.json");
        WeightOnlyOptions options = new() { MaxBytes = most, Form = form };

        PtqResult result = WeightQuantizer.Quantize(path, _folder.PathTo("out.onnx"), options);
        result.Plan.Save(plan);
        PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(plan), again);

        result.OutputBytes.Should().Be(new FileInfo(result.OutputPath).Length).And.BeInRange(most - 30_000, most);
        result.RoundedLayers.Where(layer => layer.Operator == "MatMul").Select(layer => layer.Bits).Distinct().Should()
            .HaveCountGreaterThan(1);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(result.OutputPath));
    }

    [Fact]
    public void Samples_choose_bits_and_their_plan_needs_them_again()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx"), plan = _folder.PathTo("plan.json");
        SampleList samples = new([.. new SampleFolder(SharedFolder.Models("stories260K", "calibrate")).Take(8)]);
        WeightOnlyOptions options = new() { BitsPerWeight = 4.5, Method = WeightMethod.Gptq };

        PtqResult result = WeightQuantizer.Quantize(path, samples, _folder.PathTo("out.onnx"), options);
        result.Plan.Save(plan);
        PtqResult again = WeightQuantizer.Quantize(path, QuantizationPlan.Load(plan), samples, _folder.PathTo("again.onnx"));

        RoundedLayer[] products = [.. result.RoundedLayers.Where(layer => layer.Operator == "MatMul")];
        double mean = (double)products.Sum(layer => layer.Weights * layer.Bits) / products.Sum(layer => layer.Weights);
        mean.Should().BeInRange(4.3, 4.5);
        File.ReadAllBytes(again.OutputPath).Should().Equal(File.ReadAllBytes(result.OutputPath));
        double mixed = Stories.Perplexity(result.OutputPath), four = Stories.Perplexity(
            WeightQuantizer.Quantize(path, samples, _folder.PathTo("four.onnx"), new WeightOnlyOptions { Bits = 4 }).OutputPath);
        mixed.Should().BeLessThan(four, "half a bit more is spent where it helps");
        Action without = () => PostTrainingQuantizer.Quantize(path, QuantizationPlan.Load(plan), _folder.PathTo("none.onnx"));
        without.Should().Throw<ArgumentException>().WithMessage("*by the method Gptq, which needs samples; give those again*");
    }

    [Fact]
    public void Budgets_that_cannot_be_met_are_refused()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx"), output = _folder.PathTo("out.onnx");
        (WeightOnlyOptions Options, string Message)[] cases =
        [
            (
                new WeightOnlyOptions { MaxBytes = 1_000_000 },
                "*1,000,000 bytes are too few: with 2 bits for all products the model takes about 1,2*; allow more."),
            (
                new WeightOnlyOptions { BitsPerWeight = 3, Form = BlockForm.DequantizeLinear },
                "*3 bits per weight are too few; the fewest are 4."),
            (new WeightOnlyOptions { BitsPerWeight = 3, MaxBytes = 1 }, "MaxBytes and BitsPerWeight both say*"),
        ];
        foreach ((WeightOnlyOptions options, string message) in cases)
        {
            Action quantize = () => WeightQuantizer.Quantize(path, output, options);

            quantize.Should().Throw<ArgumentException>().WithMessage(message);
            File.Exists(output).Should().BeFalse();
        }

        ((Func<WeightOnlyOptions>)(() => new WeightOnlyOptions { BitsPerWeight = 1.5 })).Should().Throw<ArgumentOutOfRangeException>();
        ((Func<WeightOnlyOptions>)(() => new WeightOnlyOptions { MaxBytes = 0 })).Should().Throw<ArgumentOutOfRangeException>();
    }
}
