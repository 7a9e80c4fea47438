using System.Numerics.Tensors;

namespace Quantization.Tests.Binary;

public class BinaryMatrixTests
{
    [Fact]
    public void Signs_and_mean_magnitudes_stand_for_the_values()
    {
        BinaryMatrix matrix = BinaryMatrix.FromRows([1, -2, 3, 0, -0f, -6], rows: 2, columns: 3);
        matrix.Scales.ToArray().Should().Equal(2, 2);
        matrix.Words.ToArray().Should().Equal(0b101, 0b011);
        float[] values = new float[6];
        matrix.Dequantize(values);
        values.Should().Equal(2, -2, 2, 2, 2, -2);
    }

    [Fact]
    public void A_matrix_is_made_of_stored_words_and_scales()
    {
        float[] values = new float[6];
        BinaryMatrix.FromWords([0b101, 0b011], [2, 0.5f], rows: 2, columns: 3, blockSize: 3).Dequantize(values);
        values.Should().Equal(2, -2, 2, 0.5f, 0.5f, -0.5f);

        BinaryMatrix matrix = BinaryMatrix.FromRows(Gaussian(3 * 200, 5), 3, 200, 64);
        BinaryMatrix stored = BinaryMatrix.FromWords(matrix.Words, matrix.Scales, matrix.Rows, matrix.Columns, matrix.BlockSize);
        float[] expected = new float[9];
        float[] actual = new float[9];
        matrix.MultiplyTransposed(matrix, expected);
        stored.MultiplyTransposed(matrix, actual);
        actual.Should().Equal(expected);
    }

    [Fact]
    public void Stored_words_that_no_matrix_has_are_refused()
    {
        Refused(() => BinaryMatrix.FromWords([1], [1, 1], 2, 3, 3), "words", "2 rows of 3 signs take 2 words; there are 1.*");
        Refused(
            () => BinaryMatrix.FromWords([1, 1], [1], 2, 3, 3), "scales", "2 rows of 3 values in blocks of 3 have 2 scales; there are 1.*");
        Refused(
            () => BinaryMatrix.FromWords([1, 1], [1, -1], 2, 3, 3), "scales", "Scale 1 is -1; a scale must be finite and not negative.*");
        Refused(() => BinaryMatrix.FromWords([1, 1], [float.NaN, 1], 2, 3, 3), "scales", "Scale 0 is NaN;*");
        Refused(() => BinaryMatrix.FromWords([1, 0b1000], [1, 1], 2, 3, 3), "words", "Row 1 has a bit behind its 3 values;*");
        Refused(() => BinaryMatrix.FromWords([1, 1], [1, 1], 2, 3, 2), "blockSize", "A block is a multiple of 64 values or a whole row.*");
        BinaryMatrix.FromWords([ulong.MaxValue], [0], 1, 64, 64).Scales[0].Should().Be(0);

        static void Refused(Action act, string parameter, string message) =>
            act.Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(parameter);
    }

    [Fact]
    public void Bits_are_the_codes_of_the_sign_codebook()
    {
        float[] values = Gaussian(512, 3);
        byte[] codes = new byte[64];
        new CodebookQuantizer(Codebook.Sign, CodeFormat.UInt1, new QuantizationParameters([1f]))
            .Quantize(new ReadOnlyTensorSpan<float>(values), new TensorSpan<byte>(codes));
        BinaryMatrix.FromRows(values, 1, 512).Words.ToArray().Should()
            .Equal(Enumerable.Range(0, 8).Select(i => BitConverter.ToUInt64(codes, 8 * i)));
    }

    /// <summary>Magnitudes with few significant bits: then the float product is exact in any order, and equality is that of bits.</summary>
    [Theory]
    [InlineData(1, 1024, 37, 1024)]
    [InlineData(3, 100, 5, 100)]
    [InlineData(2, 1, 2, 1)]
    [InlineData(4, 300, 3, 64)]
    [InlineData(4, 1000, 3, 128)]
    [InlineData(2, 5000, 2, 5000)]
    public void The_product_equals_the_float_product_of_the_binarized_values(int rows, int columns, int otherRows, int blockSize)
    {
        BinaryMatrix left = BinaryMatrix.FromRows(ConstantMagnitude(rows, columns, blockSize, 1), rows, columns, blockSize);
        BinaryMatrix right = BinaryMatrix.FromRows(ConstantMagnitude(otherRows, columns, blockSize, 2), otherRows, columns, blockSize);
        float[] leftValues = new float[rows * columns];
        float[] rightValues = new float[otherRows * columns];
        left.Dequantize(leftValues);
        right.Dequantize(rightValues);
        float[] expected = new float[rows * otherRows];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < otherRows; j++)
            {
                for (int k = 0; k < columns; k++)
                {
                    expected[i * otherRows + j] += leftValues[i * columns + k] * rightValues[j * columns + k];
                }
            }
        }

        float[] actual = new float[rows * otherRows];
        left.MultiplyTransposed(right, actual);
        actual.Should().Equal(expected);
    }

    [Fact]
    public void Signs_are_counted_for_every_number_of_columns()
    {
        for (int columns = 1; columns <= 700; columns += 1 + columns / 70)
        {
            float[] x = Gaussian(columns, columns);
            float[] y = Gaussian(columns, columns + 1);
            int expected = 0;
            for (int i = 0; i < columns; i++)
            {
                expected += (x[i] >= 0) == (y[i] >= 0) ? 1 : -1;
            }

            BinaryMatrix.FromRows(x, 1, columns).SignDot(0, BinaryMatrix.FromRows(y, 1, columns), 0).Should().Be(expected);
        }
    }

    [Fact]
    public void The_scale_is_the_best_of_its_form()
    {
        float[] values = Gaussian(640, 9);
        BinaryMatrix matrix = BinaryMatrix.FromRows(values, 1, 640);
        double best = Error(values, matrix.Scales[0]);
        best.Should().BeLessThan(Error(values, matrix.Scales[0] * 0.999f)).And.BeLessThan(Error(values, matrix.Scales[0] * 1.001f));
    }

    [Fact]
    public void Bad_input_is_named()
    {
        FluentActions.Invoking(() => BinaryMatrix.FromRows([1, 2, 3], 2, 2)).Should()
            .Throw<ArgumentException>().WithMessage("2 rows of 2 values are 4 values; there are 3.*").WithParameterName("values");
        FluentActions.Invoking(() => BinaryMatrix.FromRows([1, 2, 3, float.NaN], 2, 2)).Should()
            .Throw<ArgumentException>().WithMessage("Value 3 is NaN*").WithParameterName("values");
        FluentActions.Invoking(() => BinaryMatrix.FromRows(new float[200], 2, 100, 50)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName("blockSize");
        FluentActions.Invoking(() => BinaryMatrix.FromRows([], 0, 5)).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName("rows");
        BinaryMatrix matrix = BinaryMatrix.FromRows(new float[256], 2, 128);
        FluentActions.Invoking(() => matrix.MultiplyTransposed(BinaryMatrix.FromRows(new float[256], 4, 64), new float[8])).Should()
            .Throw<ArgumentException>().WithParameterName("other");
        FluentActions.Invoking(() => matrix.MultiplyTransposed(BinaryMatrix.FromRows(new float[256], 2, 128, 64), new float[4])).Should()
            .Throw<ArgumentException>().WithParameterName("other");
        FluentActions.Invoking(() => matrix.MultiplyTransposed(matrix, new float[3])).Should()
            .Throw<ArgumentException>().WithParameterName("destination");
        FluentActions.Invoking(() => matrix.SignDot(2, matrix, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("row");
        FluentActions.Invoking(() => matrix.Dequantize(new float[255])).Should()
            .Throw<ArgumentException>().WithParameterName("destination");
    }

    private static double Error(float[] values, float scale) => values.Sum(value => Math.Pow(value - (value >= 0 ? scale : -scale), 2));

    private static float[] ConstantMagnitude(int rows, int columns, int blockSize, int seed)
    {
        Random random = new(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            float magnitude = 0.25f * (1 + i / columns + i % columns / blockSize);
            values[i] = random.Next(2) == 0 ? magnitude : -magnitude;
        }

        return values;
    }

    private static float[] Gaussian(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }
}
