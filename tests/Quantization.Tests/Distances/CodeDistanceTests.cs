namespace Quantization.Tests.Distances;

public class CodeDistanceTests
{
    [Fact]
    public void Hamming_counts_differing_bits_of_every_length()
    {
        Random random = new(1);
        for (int length = 0; length <= 5000; length += 1 + length / 20)
        {
            byte[] x = new byte[length];
            byte[] y = new byte[length];
            random.NextBytes(x);
            random.NextBytes(y);
            CodeDistance.Hamming(x, y).Should().Be(x.Zip(y, (a, b) => Convert.ToString(a ^ b, 2).Count(bit => bit == '1')).Sum());
        }
    }

    [Fact]
    public void Hamming_of_many_rows_is_that_of_each_row_at_every_length()
    {
        Random random = new(5);
        for (int length = 1; length <= 300; length++)
        {
            byte[] rows = new byte[7 * length];
            byte[] query = new byte[length];
            random.NextBytes(rows);
            random.NextBytes(query);
            int[] distances = new int[7];
            CodeDistance.Hamming(rows, query, distances);
            distances.Should().Equal(
                rows.Chunk(length).Select(row => row.Zip(query, (a, b) => Convert.ToString(a ^ b, 2).Count(bit => bit == '1')).Sum()));
        }
    }

    [Fact]
    public void Rows_of_another_length_than_the_query_are_refused()
    {
        FluentActions.Invoking(() => CodeDistance.Hamming([1, 2, 3], [1, 2], new int[2])).Should().Throw<ArgumentException>()
            .WithMessage("2 rows of 2 bytes are 4 bytes; there are 3.*").WithParameterName("rows");
        FluentActions.Invoking(() => CodeDistance.Hamming([], [], new int[2])).Should()
            .Throw<ArgumentException>().WithParameterName("query");
    }

    [Fact]
    public void Hamming_of_opposite_vectors_is_every_bit()
    {
        byte[] ones = new byte[100_003];
        Array.Fill(ones, (byte)0xFF);
        CodeDistance.Hamming(ones, new byte[100_003]).Should().Be(800_024);
    }

    [Fact]
    public void Cosine_and_Euclidean_distance_are_those_of_the_codes_at_every_length()
    {
        Random random = new(2);
        for (int length = 1; length <= 300; length++)
        {
            sbyte[] x = Codes(length, random);
            sbyte[] y = Codes(length, random);
            long xy = x.Zip(y, (a, b) => (long)a * b).Sum();
            double norms = Math.Sqrt(x.Sum(a => (long)a * a)) * Math.Sqrt(y.Sum(a => (long)a * a));
            CodeDistance.CosineSimilarity(x, y).Should().Be((float)(xy / norms));
            CodeDistance.SquaredEuclidean(x, y).Should().Be(x.Zip(y, (a, b) => (long)(a - b) * (a - b)).Sum());
        }
    }

    [Fact]
    public void Sums_of_the_largest_codes_do_not_overflow()
    {
        sbyte[] lowest = new sbyte[3_000_000];
        Array.Fill(lowest, sbyte.MinValue);
        sbyte[] highest = new sbyte[3_000_000];
        Array.Fill(highest, sbyte.MaxValue);
        CodeDistance.SquaredEuclidean(lowest, highest).Should().Be(3_000_000L * 255 * 255);
        CodeDistance.CosineSimilarity(lowest, highest).Should().Be(-1);
    }

    [Fact]
    public void A_vector_of_zeros_has_no_direction() => CodeDistance.CosineSimilarity([0, 0], [1, 2]).Should().Be(float.NaN);

    [Fact]
    public void Lengths_must_agree()
    {
        FluentActions.Invoking(() => CodeDistance.Hamming([1], [1, 2])).Should()
            .Throw<ArgumentException>().WithMessage("The vectors have 1 and 2 elements*").WithParameterName("y");
        FluentActions.Invoking(() => CodeDistance.CosineSimilarity([1], [1, 2])).Should().Throw<ArgumentException>().WithParameterName("y");
        FluentActions.Invoking(() => CodeDistance.SquaredEuclidean([1], [1, 2])).Should().Throw<ArgumentException>().WithParameterName("y");
    }

    private static sbyte[] Codes(int length, Random random)
    {
        sbyte[] codes = new sbyte[length];
        random.NextBytes((byte[])(Array)codes);
        codes[0] = sbyte.MinValue;
        return codes;
    }
}
