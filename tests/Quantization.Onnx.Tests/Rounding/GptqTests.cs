using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Recipes;

namespace Quantization.Onnx.Tests.Rounding;

/// <summary>Rounding by what samples show of the inputs, against the textbook's steps in double precision.</summary>
public sealed class GptqTests
{
    private const int Inputs = 72, Outputs = 83, Samples = 400, Block = 16, Bits = 4;

    [Theory]
    [InlineData(QuantizationScheme.Affine, false)]
    [InlineData(QuantizationScheme.Symmetric, true)]
    public void The_codes_are_those_of_the_textbook(QuantizationScheme scheme, bool isTransposed)
    {
        float[] weights = RandomTensors.Normal(1, Inputs * Outputs, 0.2), x = MakeInputs();
        BlockProblem problem = Make(weights, isTransposed, scheme) with { Gram = Add(x, 1) };

        QuantizedBlocks blocks = new GptqRounder().Round(problem, CancellationToken.None)!;

        QuantizedBlocks ranges = new NearestRounder().Round(problem, CancellationToken.None)!;
        blocks.Scales.Should().Equal(ranges.Scales, "ranges are found before");
        int[,] expected = Textbook(weights, isTransposed, x, ranges);
        int different = 0;
        for (int output = 0; output < Outputs; output++)
        {
            for (int input = 0; input < Inputs; input++)
            {
                different += blocks.CodeAt(output, input) == expected[output, input] ? 0 : 1;
            }
        }

        different.Should().BeLessThan(
            Inputs * Outputs / 500, "a weight that lies between two codes may go either way, and takes others with it");
    }

    [Theory]
    [InlineData(QuantizationScheme.Affine, false)]
    [InlineData(QuantizationScheme.Symmetric, true)]
    public void Ranges_and_codes_are_those_of_loops_over_single_weights(QuantizationScheme scheme, bool isTransposed)
    {
        const int Many = 150; // more than the inputs that are updated together
        float[] weights = RandomTensors.Normal(1, Many * Outputs, 0.2);
        GramSum sum = new(Many);
        sum.Add(RandomTensors.Normal(3, Samples * Many));
        GramMatrix gram = sum.Finish();
        BlockProblem problem = new(
            new MatrixReader(TensorData.Make<float>(
                TensorProto.Types.DataType.Float, weights, isTransposed ? [Outputs, Many] : [Many, Outputs]), isTransposed),
            new BlockShape(Many, Outputs, Block, Bits),
            new BlockGrid(15, scheme == QuantizationScheme.Affine, 8, TensorProto.Types.DataType.Float, IsSearched: true)) { Gram = gram };

        QuantizedBlocks nearest = new NearestRounder().Round(problem, CancellationToken.None)!,
            gptq = new GptqRounder().Round(problem, CancellationToken.None)!;

        gptq.Scales.Should().Equal(nearest.Scales);
        GptqSteps steps = new(problem, gram, CancellationToken.None);
        for (int output = 0; output < Outputs; output++)
        {
            float[] own = [.. Enumerable.Range(0, Many).Select(i => weights[isTransposed ? output * Many + i : i * Outputs + output])];
            for (int first = 0; first < Many; first += Block)
            {
                float[] values = own[first..Math.Min(first + Block, Many)];
                float[,] products = new float[values.Length, values.Length];
                for (int i = 0; i < values.Length * values.Length; i++)
                {
                    (int row, int column) = (i / values.Length, i % values.Length);
                    products[row, column] = gram.Sums[(first + row) * Many + first + column];
                }

                (float scale, int zeroPoint, int[] codes) = SlowBlocks.Quantize(
                    values, null, Bits, scheme == QuantizationScheme.Affine, isSearched: true, gram: products);
                int block = output * nearest.Shape.Blocks + first / Block;
                nearest.Scales[block].Should().Be(scale);
                nearest.ZeroPointOf(block).Should().Be(zeroPoint);
                Enumerable.Range(first, values.Length).Select(input => nearest.CodeAt(output, input)).Should().Equal(codes);
            }

            Enumerable.Range(0, Many).Select(input => gptq.CodeAt(output, input)).Should()
                .Equal(SlowGptq.Round(own, steps, nearest, output));
        }
    }

    [Fact]
    public void The_error_of_the_outputs_is_less_than_that_of_the_nearest_codes()
    {
        float[] weights = RandomTensors.Normal(1, Inputs * Outputs, 0.2), x = MakeInputs();
        BlockProblem problem = Make(weights, false, QuantizationScheme.Affine);

        double nearest = ErrorOf(new NearestRounder()), weighted = ErrorOf(new NearestRounder(), isInformed: true),
            gptq = ErrorOf(new GptqRounder(), isInformed: true);

        weighted.Should().BeLessThan(nearest);
        gptq.Should().BeLessThan(0.6 * nearest);

        double ErrorOf(IBlockRounder rounder, bool isInformed = false)
        {
            float[] rounded = rounder.Round(isInformed ? problem with { Gram = Add(x, 1) } : problem, CancellationToken.None)!.Dequantize();
            double error = 0;
            for (int sample = 0; sample < Samples; sample++)
            {
                for (int output = 0; output < Outputs; output++)
                {
                    double difference = 0;
                    for (int input = 0; input < Inputs; input++)
                    {
                        difference += x[sample * Inputs
                            + input] * (rounded[output * Inputs + input] - (double)weights[input * Outputs + output]);
                    }

                    error += difference * difference;
                }
            }

            return error;
        }
    }

    [Fact]
    public void Inputs_that_are_never_there_and_fewer_samples_than_inputs_do_no_harm()
    {
        float[] weights = RandomTensors.Normal(1, Inputs * Outputs, 0.2), x = RandomTensors.Normal(2, 3 * Inputs);
        for (int i = 0; i < x.Length; i += Inputs)
        {
            x.AsSpan(i, 10).Clear();
        }

        QuantizedBlocks blocks = new GptqRounder()
            .Round(Make(weights, false, QuantizationScheme.Affine) with { Gram = Add(x, 1) }, CancellationToken.None)!;

        float[] rounded = blocks.Dequantize();
        double noise = 0, signal = 0;
        for (int output = 0; output < Outputs; output++)
        {
            for (int input = 0; input < Inputs; input++)
            {
                float weight = weights[input * Outputs + output];
                noise += Math.Pow(rounded[output * Inputs + input] - weight, 2);
                signal += weight * weight;
            }
        }

        (noise / signal).Should().BeLessThan(0.05);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(300)]
    public void Sums_of_products_are_exact_to_the_last_digits_however_rows_arrive(int rowsAtOnce)
    {
        float[] x = MakeInputs();

        GramMatrix gram = Add(x, rowsAtOnce);

        gram.Count.Should().Be(Samples);
        gram.Sums.Should().Equal(Add(x, Samples).Sums);
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j < Inputs; j++)
            {
                double sum = 0, size = 0;
                for (int sample = 0; sample < Samples; sample++)
                {
                    double product = (double)x[sample * Inputs + i] * x[sample * Inputs + j];
                    sum += product;
                    size += Math.Abs(product);
                }

                ((double)gram.Sums[i * Inputs + j]).Should().BeApproximately(sum, 1e-5 * size);
            }
        }
    }

    [Fact]
    public void A_factor_multiplies_to_its_matrix()
    {
        GramMatrix gram = Add(MakeInputs(), Samples);
        int[] order = [.. Enumerable.Range(0, Inputs).OrderBy(i => i * 29 % Inputs)];

        GramFactor factor = GramFactor.Of(gram, order, 0.01f, CancellationToken.None);

        double mean = Enumerable.Range(0, Inputs).Average(i => (double)gram.Sums[i * Inputs + i]);
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double product = 0;
                for (int k = i; k < Inputs; k++)
                {
                    product += (double)factor.Values[k * factor.Stride + i] * factor.Values[k * factor.Stride + j];
                }

                product.Should().BeApproximately(gram.Sums[order[i] * Inputs + order[j]] + (i == j ? 0.01 * mean : 0), 1e-4 * mean);
            }
        }
    }

    /// <summary>
    /// The steps of Frantar et al., algorithm 1: after each weight, all later ones are updated by the inverse of the Gram matrix.
    /// </summary>
    private static int[,] Textbook(float[] weights, bool isTransposed, float[] x, QuantizedBlocks ranges)
    {
        double[] squares = [.. Enumerable.Range(0, Inputs)
            .Select(i => Enumerable.Range(0, Samples).Sum(s => Math.Pow(x[s * Inputs + i], 2)))];
        float[] means = Add(x, 1).MeanSquares();
        int[] order = [.. Enumerable.Range(0, Inputs).OrderByDescending(i => means[i])];
        double[,] h = new double[Inputs, Inputs];
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j < Inputs; j++)
            {
                h[i, j] = Enumerable.Range(0, Samples).Sum(s => (double)x[s * Inputs + order[i]] * x[s * Inputs + order[j]])
                    + (i == j ? 0.03 * squares.Average() : 0);
            }
        }

        double[,] inverse = Invert(h);
        int[,] codes = new int[Outputs, Inputs];
        for (int output = 0; output < Outputs; output++)
        {
            double[] w = [.. order.Select(input => (double)weights[isTransposed ? output * Inputs + input : input * Outputs + output])];
            double[,] left = (double[,])inverse.Clone();
            for (int i = 0; i < Inputs; i++)
            {
                int block = output * ranges.Shape.Blocks + order[i] / Block, zeroPoint = ranges.ZeroPointOf(block);
                codes[output, order[i]] = (int)Math.Clamp(Math.Round(w[i] / ranges.Scales[block]) + zeroPoint, 0, 15);
                double error = (w[i] - (codes[output, order[i]] - zeroPoint) * (double)ranges.Scales[block]) / left[i, i];
                for (int j = i + 1; j < Inputs; j++)
                {
                    w[j] -= error * left[i, j];
                }

                for (int j = i + 1; j < Inputs; j++)
                {
                    for (int k = i + 1; k < Inputs; k++)
                    {
                        left[j, k] -= left[j, i] * left[i, k] / left[i, i]; // the inverse without row and column i
                    }
                }
            }
        }

        return codes;
    }

    private static double[,] Invert(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        double[,] left = (double[,])matrix.Clone(), right = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            right[i, i] = 1;
        }

        for (int i = 0; i < n; i++)
        {
            double pivot = left[i, i];
            for (int k = 0; k < n; k++)
            {
                left[i, k] /= pivot;
                right[i, k] /= pivot;
            }

            for (int j = 0; j < n; j++)
            {
                double factor = j == i ? 0 : left[j, i];
                for (int k = 0; k < n; k++)
                {
                    left[j, k] -= factor * left[i, k];
                    right[j, k] -= factor * right[i, k];
                }
            }
        }

        return right;
    }

    /// <summary>Inputs that depend on each other and differ in size, as those of layers do.</summary>
    private static float[] MakeInputs()
    {
        float[] x = RandomTensors.Normal(3, Samples * Inputs);
        for (int sample = 0; sample < Samples; sample++)
        {
            Span<float> row = x.AsSpan(sample * Inputs, Inputs);
            for (int i = 1; i < Inputs; i++)
            {
                row[i] = (0.8f * row[i - 1] + 0.6f * row[i]) * (i % 13 == 5 ? 1.5f : 1);
            }
        }

        return x;
    }

    private static GramMatrix Add(float[] x, int rowsAtOnce)
    {
        GramSum sum = new(Inputs);
        for (int start = 0; start < x.Length; start += rowsAtOnce * Inputs)
        {
            sum.Add(x.AsSpan(start, Math.Min(rowsAtOnce * Inputs, x.Length - start)));
        }

        return sum.Finish();
    }

    private static BlockProblem Make(float[] weights, bool isTransposed, QuantizationScheme scheme) => new(
        new MatrixReader(TensorData.Make<float>(
            TensorProto.Types.DataType.Float, weights, isTransposed ? [Outputs, Inputs] : [Inputs, Outputs]), isTransposed),
        new BlockShape(Inputs, Outputs, Block, Bits),
        new BlockGrid(15, scheme == QuantizationScheme.Affine, 8, TensorProto.Types.DataType.Float, IsSearched: true));
}
