using System.Runtime.InteropServices;
using Quantization.Oracles;

namespace Quantization.Tests.Kernels;

/// <summary>Many vectors in one call, against the definition of each alone.</summary>
public sealed class RowTests
{
    public static TheoryData<int, int> Shapes => new()
    {
        { 0, 3 }, { 1, 1 }, { 5, 1 }, { 3, 2 }, { 4, 7 }, { 2, 63 }, { 3, 64 }, { 2, 129 }, { 7, 768 }, { 1, 5000 }, { 150, 64 },
        { 70, 128 }, { 201, 16 }, { 131, 32 }, { 37, 384 }, { 19, 1024 }, { 5, 4096 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Symmetric_rows_have_the_codes_of_their_largest_magnitude(int rows, int columns)
    {
        float[] values = Values(rows, columns);
        foreach (bool shared in (bool[])[true, false])
        {
            float[] scales = new float[shared ? 1 : rows];
            sbyte[] codes = [.. Enumerable.Repeat((sbyte)99, rows * columns + 3)];
            short[] wide = new short[rows * columns];
            float[] wideScales = new float[scales.Length];

            QuantizationPrimitives.DynamicQuantizeRows(values, columns, codes, scales);
            QuantizationPrimitives.DynamicQuantizeRows(values, columns, wide, wideScales);

            float[] magnitudes = [.. Groups(values, columns, shared).Select(group => group.Select(MathF.Abs).DefaultIfEmpty().Max())];
            scales.Should().Equal(magnitudes.Select(magnitude => Step(magnitude, 127)));
            wideScales.Should().Equal(magnitudes.Select(magnitude => Step(magnitude, 32767)));
            for (int i = 0; i < values.Length; i++)
            {
                int group = shared ? 0 : i / columns;
                codes[i].Should().Be((sbyte)ExactQuotient.Code(values[i], scales[group], 0, -127, 127));
                wide[i].Should().Be((short)ExactQuotient.Code(values[i], wideScales[group], 0, -32767, 32767));
            }

            codes[(rows * columns)..].Should().Equal(99, 99, 99);
            float[] back = new float[values.Length];
            QuantizationPrimitives.DequantizeRows<sbyte>(codes.AsSpan(0, values.Length), columns, scales, back);
            back.Should().Equal(codes.Take(values.Length).Select((code, i) => code * scales[shared ? 0 : i / columns]));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Affine_rows_have_the_codes_of_their_range(int rows, int columns)
    {
        float[] values = [.. Values(rows, columns).Select(value => value + 1)];
        foreach (bool shared in (bool[])[true, false])
        {
            float[] scales = new float[shared ? 1 : rows];
            byte[] zeroPoints = new byte[scales.Length];
            byte[] codes = new byte[rows * columns];

            QuantizationPrimitives.DynamicQuantizeRows(values, columns, codes, scales, zeroPoints);

            float[][] groups = Groups(values, columns, shared);
            for (int g = 0; g < scales.Length; g++)
            {
                // ONNX DynamicQuantizeLinear, step by step.
                float min = Math.Min(groups[g].DefaultIfEmpty().Min(), 0);
                float max = Math.Max(groups[g].DefaultIfEmpty().Max(), 0);
                scales[g].Should().Be(max == min ? 1 : (max - min) / 255);
                zeroPoints[g].Should().Be((byte)Math.Clamp(MathF.Round(0 - min / scales[g], MidpointRounding.ToEven), 0, 255));
            }

            codes.Should().Equal(values.Select((value, i) =>
                (byte)ExactQuotient.Code(value, scales[shared ? 0 : i / columns], zeroPoints[shared ? 0 : i / columns], 0, 255)));
            float[] back = new float[values.Length];
            QuantizationPrimitives.DequantizeRows(codes, columns, scales, zeroPoints, back);
            back.Should().Equal(
                codes.Select((code, i) => (code - zeroPoints[shared ? 0 : i / columns]) * scales[shared ? 0 : i / columns]));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Packed_rows_begin_at_bytes_of_their_own(int rows, int columns)
    {
        float[] values = Values(rows, columns);
        int rowBytes = (columns + 1) / 2;
        foreach (bool shared in (bool[])[true, false])
        {
            float[] scales = new float[shared ? 1 : rows];
            byte[] codes = [.. Enumerable.Repeat((byte)0xCC, rows * rowBytes + 2)];

            QuantizationPrimitives.DynamicQuantizeRows(values, columns, CodeFormat.Int4, codes, scales);

            scales.Should().Equal(Groups(values, columns, shared).Select(group => Step(group.Select(MathF.Abs).DefaultIfEmpty().Max(), 7)));
            float[] expected = new float[values.Length];
            for (int row = 0; row < rows; row++)
            {
                float scale = scales[shared ? 0 : row];
                for (int column = 0; column < 2 * rowBytes; column++)
                {
                    int code = (codes[row * rowBytes + column / 2] >> (column % 2 * 4)) & 15;
                    int signed = code >= 8 ? code - 16 : code;
                    signed.Should().Be(column < columns ? ExactQuotient.Code(values[row * columns + column], scale, 0, -7, 7) : 0);
                    if (column < columns)
                    {
                        expected[row * columns + column] = signed * scale;
                    }
                }
            }

            codes[(rows * rowBytes)..].Should().Equal(0xCC, 0xCC);
            float[] back = new float[values.Length];
            QuantizationPrimitives.DequantizeRows(codes.AsSpan(0, rows * rowBytes), columns, CodeFormat.Int4, scales, back);
            back.Should().Equal(expected);
        }
    }

    [Fact]
    public void Bytes_of_wider_formats_are_those_of_typed_codes()
    {
        float[] values = Values(6, 50);
        float[] scales = new float[6], typedScales = new float[6];
        byte[] bytes = new byte[600];
        short[] codes = new short[300];
        sbyte[] five = new sbyte[300];

        QuantizationPrimitives.DynamicQuantizeRows(values, 50, CodeFormat.Int16, bytes, scales);
        QuantizationPrimitives.DynamicQuantizeRows(values, 50, codes, typedScales);
        scales.Should().Equal(typedScales);
        bytes.Should().Equal(MemoryMarshal.AsBytes<short>(codes).ToArray());

        QuantizationPrimitives.DynamicQuantizeRows(values, 50, CodeFormat.Signed(5), MemoryMarshal.AsBytes(five.AsSpan()), scales);
        five.Max(code => Math.Abs((int)code)).Should().Be(15);
        float[] back = new float[300];
        QuantizationPrimitives.DequantizeRows(MemoryMarshal.AsBytes<sbyte>(five), 50, CodeFormat.Signed(5), scales, back);
        back.Should().Equal(five.Select((code, i) => code * scales[i / 50]));
    }

    /// <summary>Rows that are looked at together, with values at the thresholds between codes and right beside them.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(192)]
    public void Rows_of_thresholds_have_the_codes_of_the_exact_quotient(int columns)
    {
        const int Rows = 300;
        Random random = new(columns);
        float[] values = new float[Rows * columns];
        for (int row = 0; row < Rows; row++)
        {
            float magnitude = (1 + random.NextSingle()) * MathF.ScaleB(1, random.Next(-40, 40));
            float scale = Step(magnitude, row % 2 == 0 ? 127 : 7);
            values[row * columns + random.Next(columns)] = -magnitude;
            foreach (ref float value in values.AsSpan(row * columns, columns))
            {
                float threshold = (random.Next(-127, 127) + 0.5f) * scale;
                value = value != 0 ? value : random.Next(3) switch
                {
                    0 => Math.Clamp(threshold, -magnitude, magnitude),
                    1 => Math.Clamp(MathF.BitIncrement(threshold), -magnitude, magnitude),
                    _ => Math.Clamp(MathF.BitDecrement(threshold), -magnitude, magnitude),
                };
            }
        }

        sbyte[] codes = new sbyte[values.Length];
        byte[] packed = new byte[values.Length / 2];
        float[] scales = new float[Rows], packedScales = new float[Rows];
        QuantizationPrimitives.DynamicQuantizeRows(values, columns, codes, scales);
        QuantizationPrimitives.DynamicQuantizeRows(values, columns, CodeFormat.Int4, packed, packedScales);

        codes.Should().Equal(values.Select((value, i) => (sbyte)ExactQuotient.Code(value, scales[i / columns], 0, -127, 127)));
        packed.Select(pair => (sbyte)(pair << 4) >> 4).Should().Equal(
            values.Where((_, i) => i % 2 == 0).Select((value, i) => ExactQuotient.Code(value, packedScales[2 * i / columns], 0, -7, 7)));
        packed.Select(pair => (sbyte)pair >> 4).Should().Equal(
            values.Where((_, i) => i % 2 == 1).Select((value, i) => ExactQuotient.Code(value, packedScales[2 * i / columns], 0, -7, 7)));
    }

    /// <summary>A row that cannot be looked at together with others changes nothing for those beside it.</summary>
    [Theory]
    [InlineData(0f)]
    [InlineData(1e-30f)]
    [InlineData(1e-42f)]
    [InlineData(1e30f)]
    public void A_row_of_extreme_values_leaves_the_others_as_they_are(float extreme)
    {
        const int Rows = 100, Columns = 32;
        float[] values = Values(Rows, Columns);
        for (int row = 0; row < Rows; row += 7)
        {
            values.AsSpan(row * Columns, Columns).Fill(extreme);
        }

        sbyte[] codes = new sbyte[values.Length], alone = new sbyte[values.Length];
        float[] scales = new float[Rows], scaleAlone = new float[Rows];
        QuantizationPrimitives.DynamicQuantizeRows(values, Columns, codes, scales);
        for (int row = 0; row < Rows; row++)
        {
            QuantizationPrimitives.DynamicQuantizeRows(
                values.AsSpan(row * Columns, Columns), Columns, alone.AsSpan(row * Columns), scaleAlone.AsSpan(row, 1));
        }

        scales.Should().Equal(scaleAlone);
        codes.Should().Equal(alone);
        codes.Should().Equal(values.Select((value, i) => (sbyte)ExactQuotient.Code(value, scales[i / Columns], 0, -127, 127)));
    }

    /// <summary>Beyond 2⁻⁹⁰ … 2⁹⁰ values go through tiles, and a scale is never subnormal.</summary>
    [Fact]
    public void Rows_of_extreme_values_have_extreme_scales()
    {
        float[] values = [1e38f, -3e38f, 1e-37f, 3e-36f, 1e-42f, -1e-43f, 0, -0f];
        sbyte[] codes = new sbyte[8];
        float[] scales = new float[4];

        QuantizationPrimitives.DynamicQuantizeRows(values, 2, codes, scales);

        scales.Should().Equal((float)(3e38f / 127.0), (float)(3e-36f / 127.0), 1.17549435E-38f, 1);
        codes.Should().Equal(values.Select((value, i) => (sbyte)ExactQuotient.Code(value, scales[i / 2], 0, -127, 127)));
    }

    [Theory]
    [InlineData(9, 65)]
    [InlineData(150, 64)]
    [InlineData(131, 32)]
    public void In_place_gives_what_separate_memory_gives(int rows, int columns)
    {
        float[] values = Values(rows, columns);
        short[] codes = new short[values.Length];
        byte[] packed = new byte[rows * ((columns + 1) / 2)];
        float[] scales = new float[rows];
        QuantizationPrimitives.DynamicQuantizeRows(values, columns, codes, scales);
        QuantizationPrimitives.DynamicQuantizeRows(values, columns, CodeFormat.Int4, packed, scales);

        float[] place = [.. values];
        Span<short> shorts = MemoryMarshal.Cast<float, short>(place.AsSpan())[..codes.Length];
        QuantizationPrimitives.DynamicQuantizeRows(place, columns, shorts, scales);
        shorts.ToArray().Should().Equal(codes);

        place = [.. values];
        Span<byte> bytes = MemoryMarshal.AsBytes(place.AsSpan())[..packed.Length];
        QuantizationPrimitives.DynamicQuantizeRows(place, columns, CodeFormat.Int4, bytes, scales);
        bytes.ToArray().Should().Equal(packed);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        float[] values = Values(40, 33);
        sbyte[] codes = new sbyte[values.Length];
        byte[] packed = new byte[40 * 17];
        float[] scales = new float[40];
        sbyte[] zeroPoints = new sbyte[40];
        float[] offsets = new float[33];
        void Work()
        {
            QuantizationPrimitives.DynamicQuantizeRows(values, 33, codes, scales, zeroPoints);
            QuantizationPrimitives.DequantizeRows(codes, 33, scales, zeroPoints, values);
            QuantizationPrimitives.DynamicQuantizeRows(values, 33, codes, scales);
            QuantizationPrimitives.DequantizeRows<sbyte>(codes, 33, scales, values);
            QuantizationPrimitives.DynamicQuantizeRows(values, 33, CodeFormat.Int4, packed, scales);
            QuantizationPrimitives.DequantizeRows(packed, 33, CodeFormat.Int4, scales, values);
            QuantizationPrimitives.QuantizeSigns(values, 33, packed, scales, offsets);
            QuantizationPrimitives.DequantizeSigns(packed.AsSpan(0, 40 * 5), 33, scales, values, offsets);
        }

        Work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public void A_value_that_is_not_finite_is_named_by_row_and_column()
    {
        float[] values = [1, 2, 3, 4, float.NaN, 6];
        sbyte[] codes = [9, 9, 9, 9, 9, 9];
        float[] scales = new float[3];

        FluentActions.Invoking(() => QuantizationPrimitives.DynamicQuantizeRows(values, 2, codes, scales))
            .Should().Throw<ArgumentException>()
            .WithMessage("Row 2, column 0 is NaN, not finite; leave the row out or replace the value.*")
            .WithParameterName("source");
        codes[4..].Should().Equal(9, 9);
        values[4] = float.NegativeInfinity;
        FluentActions.Invoking(() => QuantizationPrimitives.DynamicQuantizeRows(values, 3, codes, new float[1], new sbyte[1]))
            .Should().Throw<ArgumentException>().WithMessage("Row 1, column 1 is -*");

        values = Values(90, 32);
        values[77 * 32 + 5] = float.PositiveInfinity;
        FluentActions.Invoking(() => QuantizationPrimitives.DynamicQuantizeRows(values, 32, new sbyte[values.Length], new float[90]))
            .Should().Throw<ArgumentException>().WithMessage("Row 77, column 5 is *");
    }

    [Fact]
    public void Memory_that_does_not_fit_is_refused()
    {
        float[] values = new float[6], room = new float[6];
        sbyte[] codes = new sbyte[6];
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 4, codes, new float[1]),
            "6 values are no whole rows of 4 columns: 2 are left over.*", "source");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 2, codes, new float[2]),
            "There are 2 scales for 3 rows; give 1, which all rows share, or 3, one per row.*", "scales");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 2, codes.AsSpan(1), new float[3]),
            "3 rows take 6 elements, 2 each; there are 5.*", "destination");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 2, codes, new float[3], new sbyte[1]),
            "There are 1 zero-points and 3 scales; give as many.*", "zeroPoints");
        Refused(() => QuantizationPrimitives.DynamicQuantizeRows(values, 0, codes, new float[3]), "*", "columns");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(
                values, 2, MemoryMarshal.Cast<float, sbyte>(values.AsSpan())[1..7], new float[3]),
            "The destination overlaps the source*", "destination");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 3, CodeFormat.Int4, new byte[3], new float[2]),
            "2 rows take 4 elements, 2 each; there are 3.*", "destination");
        Refused(
            () => QuantizationPrimitives.DynamicQuantizeRows(values, 3, CodeFormat.UInt4, new byte[4], new float[2]),
            "*; UInt4 [0, 15] is no such format.*", "format");
        Refused(
            () => QuantizationPrimitives.DequantizeRows(new byte[3], 3, CodeFormat.Int4, new float[1], room),
            "3 bytes are no whole rows: the codes of 3 columns take 2 bytes, and 1 are left over.*", "source");
        Refused(
            () => QuantizationPrimitives.DequantizeRows<sbyte>(codes, 2, [1, 0, 1], room),
            "Scale 1 is 0; a scale must be finite and above 0.*",
            "scales");
        Refused(
            () => QuantizationPrimitives.DequantizeRows<sbyte>(codes, 2, [1, 1, 1], [], room),
            "There are 0 zero-points and 3 scales; give as many.*", "zeroPoints");
        Refused(
            () => QuantizationPrimitives.DequantizeRows<sbyte>(codes, 2, [1], room.AsSpan(1)),
            "3 rows take 6 elements, 2 each; there are 5.*",
            "destination");
        FluentActions.Invoking(() => QuantizationPrimitives.DynamicQuantizeRows(values, 2, new byte[6], new float[3]))
            .Should().Throw<NotSupportedException>().WithMessage("*pass zeroPoints too*");
        FluentActions.Invoking(() => QuantizationPrimitives.DynamicQuantizeRows(values, 2, new int[6], new float[3]))
            .Should().Throw<NotSupportedException>();
    }

    private static void Refused(Action act, string message, string parameter) =>
        act.Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(parameter);

    private static float Step(float magnitude, int maxCode) => magnitude == 0 ? 1 : (float)((double)magnitude / maxCode);

    private static float[][] Groups(float[] values, int columns, bool shared) => shared ? [values] : [.. values.Chunk(columns)];

    /// <summary>Rows of very different magnitude, the second all zeros.</summary>
    private static float[] Values(int rows, int columns)
    {
        Random random = new(rows * 10_000 + columns);
        return [.. Enumerable.Range(0, rows * columns)
            .Select(i => i / columns == 1 ? 0 : (random.NextSingle() - 0.5f) * MathF.Pow(10, i / columns % 10))];
    }
}
