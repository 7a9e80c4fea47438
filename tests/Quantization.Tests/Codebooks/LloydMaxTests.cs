using Quantization.Benchmarks.Support;

namespace Quantization.Tests.Codebooks;

public class LloydMaxTests
{
    /// <summary>
    /// The positive levels for the unit Gaussian (Max, Quantizing for Minimum Distortion, 1960, table I), to four decimals.
    /// </summary>
    [Theory]
    [InlineData(2, 0.7979)]
    [InlineData(4, 0.4528, 1.5104)]
    [InlineData(8, 0.2451, 0.7560, 1.3439, 2.1519)]
    [InlineData(16, 0.1284, 0.3880, 0.6568, 0.9423, 1.2562, 1.6180, 2.0690, 2.7326)]
    public void The_unit_Gaussian_gets_the_published_levels(int levels, params double[] positive)
    {
        (float[] values, float[] weights) = Gaussian(1_000_000);
        float[] learned = Codebook.LloydMax(values, levels, weights).Levels.ToArray();
        learned.Should().HaveCount(levels);
        for (int i = 0; i < levels; i++)
        {
            double expected = i < levels / 2 ? -positive[levels / 2 - 1 - i] : positive[i - levels / 2];
            ((double)learned[i]).Should().BeApproximately(expected, 0.00005 + 0.000005);
        }
    }

    [Theory]
    [InlineData("Gaussian")]
    [InlineData("Laplacian")]
    [InlineData("two modes")]
    [InlineData("few outliers")]
    [InlineData("weights of the example classifier")]
    public void The_squared_error_is_never_above_the_uniform_codebook_of_the_range(string distribution)
    {
        float[] values = Draw(distribution, 20_000);
        foreach (int levels in new[] { 2, 3, 4, 15, 16, 64, 256 })
        {
            float min = values.Min();
            double step = ((double)values.Max() - min) / (levels - 1);
            Codebook uniform = Codebook.FromLevels([.. Enumerable.Range(0, levels).Select(i => (float)(min + i * step))]);
            SquaredError(Codebook.LloydMax(values, levels), values).Should().BeLessThanOrEqualTo(SquaredError(uniform, values));
        }
    }

    [Fact]
    public void Levels_are_the_means_of_their_cells()
    {
        float[] values = Draw("Laplacian", 5_000);
        Codebook book = Codebook.LloydMax(values, 8);
        foreach (IGrouping<int, float> cell in values.GroupBy(book.Encode))
        {
            ((double)book.Decode(cell.Key)).Should().BeApproximately(cell.Average(value => (double)value), 1e-5);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_codebook_in_any_order_of_the_values()
    {
        float[] values = Draw("two modes", 3_000);
        float[] levels = Codebook.LloydMax(values, 16, seed: 5).Levels.ToArray();
        Array.Reverse(values);
        Codebook.LloydMax(values, 16, seed: 5).Levels.ToArray().Should().Equal(levels);
    }

    [Fact]
    public void A_weight_counts_like_repetition_and_zero_not_at_all()
    {
        float[] levels = Codebook.LloydMax([1, 2, 4, 8, 100], 3, [3, 1, 1, 2, 0]).Levels.ToArray();
        levels.Should().Equal(Codebook.LloydMax([1, 1, 1, 2, 4, 8, 8], 3).Levels.ToArray());
    }

    [Fact]
    public void Fewer_distinct_values_than_levels_are_all_kept() =>
        Codebook.LloydMax([3, 1, 2, 3, 1], 16).Levels.ToArray().Should().Equal(1, 2, 3);

    [Fact]
    public void Statistics_teach_what_their_values_teach_up_to_the_bin_width()
    {
        float[] values = Draw("Laplacian", 50_000);
        TensorStatistics statistics = new();
        statistics.Observe(values);
        Codebook fromStatistics = Codebook.LloydMax(statistics, 16);
        SquaredError(fromStatistics, values).Should().BeLessThan(SquaredError(Codebook.LloydMax(values, 16), values) * 1.01);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        FluentActions.Invoking(() => Codebook.LloydMax([1, float.NaN], 2)).Should()
            .Throw<ArgumentException>().WithMessage("Value 1 is NaN*").WithParameterName("values");
        FluentActions.Invoking(() => Codebook.LloydMax([1, 2], 2, [1])).Should().Throw<ArgumentException>().WithParameterName("weights");
        FluentActions.Invoking(() => Codebook.LloydMax([1, 2], 2, [1, -1])).Should()
            .Throw<ArgumentException>().WithMessage("Weight 1 is -1*").WithParameterName("weights");
        FluentActions.Invoking(() => Codebook.LloydMax([7, 7], 2)).Should()
            .Throw<ArgumentException>().WithMessage("*only 1 distinct value*").WithParameterName("values");
        FluentActions.Invoking(() => Codebook.LloydMax(new TensorStatistics(), 2)).Should()
            .Throw<ArgumentException>().WithParameterName("statistics");
        FluentActions.Invoking(() => Codebook.LloydMax([1, 2], 257)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName("levels");
    }

    internal static double SquaredError(Codebook book, float[] values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            double error = value - (double)book.Decode(book.Encode(value));
            sum += error * error;
        }

        return sum;
    }

    private static (float[] Values, float[] Weights) Gaussian(int count)
    {
        float[] values = new float[count];
        float[] weights = new float[count];
        for (int i = 0; i < count; i++)
        {
            double x = -8 + 16 * (i + 0.5) / count;
            values[i] = (float)x;
            weights[i] = (float)Math.Exp(-x * x / 2);
        }

        return (values, weights);
    }

    private static float[] Draw(string distribution, int count)
    {
        if (distribution == "weights of the example classifier")
        {
            return OnnxWeights.Read(Path.Combine(AppContext.BaseDirectory, "fashion-mobilenet.onnx"))
                .SelectMany(tensor => tensor.Values).ToArray();
        }

        Random random = new(17);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double gaussian = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(distribution switch
            {
                "Gaussian" => gaussian,
                "Laplacian" => Math.Log(1 - random.NextDouble()) * (random.Next(2) * 2 - 1),
                "two modes" => gaussian / 4 + random.Next(2) * 9 - 3,
                _ => i % 1000 == 0 ? gaussian * 40 : gaussian,
            });
        }

        return values;
    }
}
