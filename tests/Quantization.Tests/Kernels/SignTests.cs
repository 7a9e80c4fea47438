using System.Numerics.Tensors;

namespace Quantization.Tests.Kernels;

/// <summary>One bit per value of many vectors, against the definition of each bit.</summary>
public sealed class SignTests
{
    public static TheoryData<int, int> Shapes =>
        new() { { 1, 1 }, { 3, 7 }, { 4, 8 }, { 2, 9 }, { 3, 16 }, { 5, 131 }, { 1, 3000 }, { 0, 4 } };

    /// <summary>
    /// The values are multiples of 2⁻¹⁰ below 4, so that their sums are exact in any order, and the means are those of integers.
    /// </summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_bit_tells_whether_a_value_lies_at_or_above_its_offset(int rows, int columns)
    {
        Random random = new(columns);
        int[] units = [.. Enumerable.Range(0, rows * columns).Select(_ => random.Next(-3, 4) * random.Next(1, 1025))];
        int[] offsetUnits = [.. Enumerable.Range(0, columns).Select(_ => random.Next(-2, 3))];
        float[] values = [.. units.Select(unit => unit == 0 ? -0f : unit / 1024f)];
        int rowBytes = (columns + 7) / 8;
        foreach (bool isShifted in (bool[])[true, false])
        {
            float[] offsets = isShifted ? [.. offsetUnits.Select(unit => unit / 1024f)] : [];
            int[] distances = [.. units.Select((unit, i) => unit - (isShifted ? offsetUnits[i % columns] : 0))];
            byte[] bits = [.. Enumerable.Repeat((byte)0xCC, rows * rowBytes + 1)];
            float[] scales = new float[rows];
            float[] shared = new float[1];

            QuantizationPrimitives.QuantizeSigns(values, columns, bits, scales, offsets);
            byte[] again = new byte[rows * rowBytes];
            QuantizationPrimitives.QuantizeSigns(values, columns, again, shared, offsets);
            again.Should().Equal(bits[..^1]);
            QuantizationPrimitives.QuantizeSigns(values, columns, again, offsets: offsets);
            again.Should().Equal(bits[..^1]);

            bits[^1].Should().Be(0xCC);
            for (int place = 0; place < rows * rowBytes * 8; place++)
            {
                (int row, int column) = Math.DivRem(place, rowBytes * 8);
                (bits[place / 8] >> (place % 8) & 1).Should().Be(column < columns && distances[row * columns + column] >= 0 ? 1 : 0);
            }

            scales.Should().Equal(
                distances.Chunk(columns).Select(row => (float)(row.Sum(distance => (long)Math.Abs(distance)) / 1024.0 / columns)));
            shared[0].Should().Be((float)(distances.Sum(distance => (long)Math.Abs(distance)) / 1024.0 / Math.Max(distances.Length, 1)));

            float[] back = new float[values.Length];
            QuantizationPrimitives.DequantizeSigns(again, columns, scales, back, offsets);
            back.Should().Equal(distances.Select(
                (distance, i) => (isShifted ? offsets[i % columns] : 0) + (distance >= 0 ? scales[i / columns] : -scales[i / columns])));
            QuantizationPrimitives.DequantizeSigns(again, columns, shared, back, offsets);
            back.Should().Equal(
                distances.Select((distance, i) => (isShifted ? offsets[i % columns] : 0) + (distance >= 0 ? shared[0] : -shared[0])));
        }
    }

    [Fact]
    public void The_bits_are_the_codes_of_the_sign_codebook_and_the_scales_those_of_a_binary_matrix()
    {
        Random random = new(3);
        float[] values = [.. Enumerable.Range(0, 6 * 72).Select(_ => random.NextSingle() - 0.5f)];
        byte[] bits = new byte[54], expected = new byte[54];
        float[] scales = new float[6];

        QuantizationPrimitives.QuantizeSigns(values, 72, bits, scales);

        new CodebookQuantizer(Codebook.Sign, CodeFormat.UInt1, new QuantizationParameters([1])).Quantize(
            new ReadOnlyTensorSpan<float>(values), new TensorSpan<byte>(expected));
        bits.Should().Equal(expected);
        BinaryMatrix matrix = BinaryMatrix.FromRows(values, 6, 72);
        for (int i = 0; i < 6; i++)
        {
            // The sums are rounded in another order.
            scales[i].Should().BeApproximately(matrix.Scales[i], MathF.BitIncrement(scales[i]) - scales[i]);
        }
    }

    [Fact]
    public void Differences_of_the_largest_floats_have_a_finite_scale()
    {
        byte[] bits = new byte[1];
        float[] scales = new float[1];

        QuantizationPrimitives.QuantizeSigns([float.MaxValue, float.MaxValue], 2, bits, scales, [-float.MaxValue, -float.MaxValue]);

        bits[0].Should().Be(3);
        scales[0].Should().Be(float.MaxValue);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        float[] values = [1, 2, 3, 4, 5, 6];
        byte[] bits = [7, 7, 7];
        Refused(() => QuantizationPrimitives.QuantizeSigns(values, 4, bits), "6 values are no whole rows of 4 columns*", "source");
        Refused(
            () => QuantizationPrimitives.QuantizeSigns(values, 2, bits.AsSpan(1)), "3 rows take 3 elements, 1 each; there are 2.*",
            "destination");
        Refused(() => QuantizationPrimitives.QuantizeSigns(values, 2, bits, new float[2]), "There are 2 scales for 3 rows*", "scales");
        Refused(() => QuantizationPrimitives.QuantizeSigns(values, 2, bits, default, [1]), "There are 1 offsets for 2 columns*", "offsets");
        Refused(
            () => QuantizationPrimitives.QuantizeSigns(values, 2, bits, default, [1, float.NaN]),
            "Offset 1 is NaN; an offset must be finite.*",
            "offsets");
        Refused(
            () => QuantizationPrimitives.QuantizeSigns(values, 2, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())),
            "The destination overlaps the source*", "destination");
        bits.Should().Equal(7, 7, 7);
        Refused(() => QuantizationPrimitives.QuantizeSigns([1, 2, 3, float.NaN], 2, bits), "Row 1, column 1 is NaN*", "source");
        Refused(
            () => QuantizationPrimitives.QuantizeSigns([.. values, .. values, 1, 2, 3, float.PositiveInfinity], 16, bits),
            "Row 0, column 15 is*",
            "source");
        Refused(
            () => QuantizationPrimitives.DequantizeSigns(bits, 9, [1], new float[20]),
            "3 bytes are no whole rows: the codes of 9 columns take 2 bytes*", "source");
        Refused(
            () => QuantizationPrimitives.DequantizeSigns(bits, 2, [1, -1, 1], new float[6]),
            "Scale 1 is -1; a scale must be finite and not negative.*", "scales");
        Refused(
            () => QuantizationPrimitives.DequantizeSigns(bits, 2, [1], new float[5]), "3 rows take 6 elements, 2 each; there are 5.*",
            "destination");
    }

    private static void Refused(Action act, string message, string parameter) =>
        act.Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(parameter);
}
