using CsCheck;

namespace Quantization.Tests.Kernels;

public class ProductTests
{
    [Fact]
    public void Dot_products_are_exact_at_every_length_and_alignment()
    {
        Random random = new(7);
        for (int length = 0; length <= 600; length++)
        {
            int offset = length % 5;
            sbyte[] left = Bytes(random, length + offset);
            sbyte[] right = Bytes(random, length + offset);
            long expected = 0;
            long expectedUnsigned = 0;
            for (int i = offset; i < left.Length; i++)
            {
                expected += left[i] * right[i];
                expectedUnsigned += (byte)left[i] * right[i];
            }

            QuantizationPrimitives.Dot(left.AsSpan(offset), right.AsSpan(offset)).Should().Be(expected);
            QuantizationPrimitives.Dot(Array.ConvertAll(left, code => (byte)code).AsSpan(offset), right.AsSpan(offset)).Should()
                .Be(expectedUnsigned);
        }
    }

    [Theory]
    [InlineData(65_793)]
    [InlineData(3_000_001)]
    public void Extreme_codes_do_not_overflow(int length)
    {
        sbyte[] lowest = new sbyte[length];
        Array.Fill(lowest, sbyte.MinValue);
        byte[] highest = new byte[length];
        Array.Fill(highest, byte.MaxValue);
        QuantizationPrimitives.Dot(lowest, lowest).Should().Be(length * 16384L);
        QuantizationPrimitives.Dot(highest, lowest).Should().Be(length * -32640L);
    }

    [Fact]
    public void A_matrix_vector_product_is_corrected_for_the_zero_point()
    {
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 300], Gen.Byte, Gen.Int).Sample((rows, columns, zeroPoint, seed) =>
        {
            Random random = new(seed);
            sbyte[] matrix = Bytes(random, rows * columns);
            byte[] vector = Array.ConvertAll(Bytes(random, columns), code => (byte)code);
            int[] sums = new int[rows];
            int[] product = new int[rows];
            QuantizationPrimitives.RowSums(matrix, columns, sums);
            QuantizationPrimitives.MultiplyVector(matrix, vector, zeroPoint, sums, product);
            for (int row = 0; row < rows; row++)
            {
                int expected = 0;
                for (int i = 0; i < columns; i++)
                {
                    expected += matrix[row * columns + i] * (vector[i] - zeroPoint);
                }

                if (product[row] != expected)
                {
                    return false;
                }
            }

            return true;
        });
    }

    [Fact]
    public void A_symmetric_matrix_vector_product_needs_no_correction()
    {
        int[] product = new int[2];
        QuantizationPrimitives.MultiplyVector([1, -2, 3, 4], [(sbyte)10, -20], product);
        product.Should().Equal(50, -50);
    }

    [Fact]
    public void Products_with_16_bit_factors_are_exact_at_every_length()
    {
        Random random = new(9);
        for (int columns = 1; columns <= 400; columns++)
        {
            int rows = 1 + columns % 9;
            sbyte[] matrix = Bytes(random, rows * columns);
            short[] vector = [.. Enumerable.Range(0, columns).Select(_ => (short)random.Next(short.MinValue, short.MaxValue + 1))];
            int[] product = new int[rows];
            QuantizationPrimitives.MultiplyVector(matrix, vector, product);
            product.Should().Equal(matrix.Chunk(columns).Select(row => (int)row.Zip(vector, (code, factor) => (long)code * factor).Sum()));
        }
    }

    [Fact]
    public void The_largest_16_bit_factors_that_are_allowed_do_not_overflow()
    {
        short[] vector = [.. Enumerable.Repeat((short)32767, 512), 511];
        sbyte[] matrix = new sbyte[vector.Length];
        Array.Fill(matrix, sbyte.MinValue);
        int[] product = new int[1];
        QuantizationPrimitives.MultiplyVector(matrix, vector, product);
        product[0].Should().Be(-128 * 16_777_215);
        vector[^1]++;
        FluentActions.Invoking(() => QuantizationPrimitives.MultiplyVector(matrix, vector, product)).Should().Throw<ArgumentException>();
        vector[0] = short.MinValue;
        vector[^1] = 511;
        FluentActions.Invoking(() => QuantizationPrimitives.MultiplyVector(matrix, vector, product)).Should().Throw<ArgumentException>()
            .WithMessage("The vector's magnitudes add up to 16777216; more than 16777215 could overflow*").WithParameterName("vector");
    }

    [Fact]
    public void A_zero_point_without_row_sums_is_refused()
    {
        Action act = () => QuantizationPrimitives.MultiplyVector([1, 2], [(byte)3, 4], 1, [], new int[1]);
        act.Should().Throw<ArgumentException>().WithParameterName("rowSums");
    }

    [Fact]
    public void Rows_that_could_overflow_are_refused()
    {
        Action act = () => QuantizationPrimitives.MultiplyVector(new sbyte[65_794], new sbyte[65_794], new int[1]);
        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("columns");
    }

    [Fact]
    public void Requantizing_rounds_half_to_even_and_saturates_at_every_length()
    {
        Random random = new(3);
        for (int length = 0; length <= 150; length++)
        {
            int[] accumulators = new int[length];
            float[] multipliers = new float[length];
            for (int i = 0; i < length; i++)
            {
                accumulators[i] = i % 7 == 0 ? int.MinValue + i : random.Next(-60_000, 60_000);
                multipliers[i] = i % 3 == 0 ? 0.5f : random.NextSingle() / 50;
            }

            sbyte[] codes = new sbyte[length];
            byte[] channelCodes = new byte[length];
            QuantizationPrimitives.Requantize(accumulators, 0.0078125f, (sbyte)-3, codes);
            QuantizationPrimitives.Requantize(accumulators, multipliers, (byte)9, channelCodes);
            for (int i = 0; i < length; i++)
            {
                codes[i].Should()
                    .Be((sbyte)Math.Clamp(Math.Round((double)(accumulators[i] * 0.0078125f), MidpointRounding.ToEven) - 3, -128, 127));
                channelCodes[i].Should()
                    .Be((byte)Math.Clamp(Math.Round((double)(accumulators[i] * multipliers[i]), MidpointRounding.ToEven) + 9, 0, 255));
            }
        }
    }

    [Fact]
    public void Multipliers_are_finite_and_not_negative()
    {
        Action act = () => QuantizationPrimitives.Requantize([1], -1f, (sbyte)0, new sbyte[1]);
        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("multiplier");
    }

    private static sbyte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return Array.ConvertAll(bytes, value => (sbyte)value);
    }
}
