using System.Numerics.Tensors;
using Quantization.Codebooks;

namespace Quantization.Tests.Codebooks;

public unsafe class CodebookKernelTests
{
    public static TheoryData<string> Books => SampleCodebooks.Names;

    /// <summary>
    /// Scales of every kind: powers of two, their neighbours, both ends of the range that kernels take as it is, extreme and subnormal
    /// ones.
    /// </summary>
    private static readonly float[] Scales =
    [
        1, 2, 0.25f, 0.1f, 0.99999994f, 1.0000001f, 3.14159f, 1e-3f, 65504, MathF.ScaleB(1, 120), MathF.ScaleB(1, -120),
        MathF.ScaleB(1.1f, 120), MathF.ScaleB(1.1f, -120), MathF.ScaleB(1, 90), MathF.BitIncrement(MathF.ScaleB(1, 90)),
        MathF.ScaleB(1, -90), MathF.BitDecrement(MathF.ScaleB(1, -90)), MathF.ScaleB(1.7f, 89), MathF.ScaleB(1.7f, -90), 1.17549435E-38f,
        1e-40f, float.Epsilon, 3 * float.Epsilon, float.MaxValue,
    ];

    [Theory]
    [MemberData(nameof(Books))]
    public void Every_threshold_decides_as_the_rule_says(string name)
    {
        Codebook book = SampleCodebooks.All[name];
        float[] probes = SampleCodebooks.Probes(book);
        byte[] codes = new byte[probes.Length];
        new CodebookQuantizer(book).Quantize<byte>(probes, codes);
        bool hasSignedZero = book.Codes[0] != 0;
        codes.Should().Equal(Array.ConvertAll(probes, value => (byte)book.Encode(value)));
        Array.FindAll(probes, value => !float.IsNaN(value)
            && !(hasSignedZero && value == 0)
            && book.Encode(value) != book.Codes[SampleCodebooks.CountThresholds(book, value)]).Should()
            .BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Books))]
    public void The_table_search_decides_like_the_search_in_registers(string name)
    {
        Codebook book = SampleCodebooks.All[name];
        float[] probes = SampleCodebooks.Probes(book);
        byte[] codes = new byte[probes.Length];
        book.Cells.Grid.Quantize(probes, codes);
        codes.Should().Equal(Array.ConvertAll(probes, value => (byte)book.Encode(value)));
    }

    [Theory]
    [MemberData(nameof(Books))]
    public void Every_threshold_decides_as_the_rounded_quotient_for_every_scale(string name)
    {
        Codebook book = SampleCodebooks.All[name];
        Random random = new(3);
        float[] scales =
        [
            .. Scales,
            .. Enumerable.Range(1, 254).Select(exponent => BitConverter.Int32BitsToSingle((exponent << 23) | random.Next(1 << 23)))
        ];
        foreach (float scale in scales)
        {
            float[] values = SampleCodebooks.ScaledProbes(book, scale);
            byte[] expected = Array.ConvertAll(values, value => (byte)book.Encode(value / scale));
            byte[] codes = new byte[values.Length];
            new CodebookQuantizer(book, CodeFormat.UInt8, new QuantizationParameters([scale])).Quantize<byte>(values, codes);
            codes.SequenceEqual(expected).Should().BeTrue("with scale {0:R}", scale);
        }
    }

    /// <summary>Blocks of every size that a kernel tells apart, with extreme scales among ordinary ones.</summary>
    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    public void Each_block_decides_by_its_own_scale(int size)
    {
        foreach (string name in new[] { "NF4", "FP4 E2M1", "mid-tread 15", "µ-law 16", "FP8 E5M2" })
        {
            Codebook book = SampleCodebooks.All[name];
            float[] scales =
            [
                .. Enumerable.Range(0, 100).Select(i => 0.5f + (i / 64f)),
                .. Scales,
                .. Enumerable.Range(0, 100).Select(i => 1e-3f * (i + 1))
            ];
            float[][] probes = Array.ConvertAll(scales, scale => SampleCodebooks.ScaledProbes(book, scale));
            int count = scales.Length * size;
            float[] values = new float[count];
            byte[] expected = new byte[count];
            for (int start = 0; start < probes.Max(values => values.Length); start += size)
            {
                for (int i = 0; i < count; i++)
                {
                    float[] own = probes[i / size];
                    values[i] = own[(start + (i % size)) % own.Length];
                    expected[i] = (byte)book.Encode(values[i] / scales[i / size]);
                }

                byte[] codes = new byte[count];
                new CodebookQuantizer(book, CodeFormat.UInt8, new QuantizationParameters(scales), Granularity.PerBlock(0, size))
                    .Quantize<byte>(values, codes);
                codes.SequenceEqual(expected).Should().BeTrue("of {0}", name);
            }
        }
    }

    /// <summary>What is compared instead of the quotient: the first float whose quotient reaches the threshold.</summary>
    [Fact]
    public void A_scaled_boundary_is_the_first_value_whose_quotient_reaches_the_threshold()
    {
        Random random = new(8);
        float[] special =
        [
            0, -0f, float.Epsilon, -float.Epsilon, 1.17549435E-38f, -1.17549435E-38f, 1, -1, 1.0000001f, 0.99999994f, 1.5f, float.MaxValue,
            float.MinValue
        ];
        foreach (float threshold in (float[])[.. special, .. Enumerable.Range(0, 4000).Select(_ => RandomFloat(random))])
        {
            double boundary = ThresholdBoundary.Of(threshold);
            foreach (float scale in (float[])[.. Scales, .. Enumerable.Range(0, 20).Select(_ => MathF.Abs(RandomFloat(random)))])
            {
                double product = boundary * scale;
                float first = (float)product < product ? MathF.BitIncrement((float)product) : (float)product;
                bool reached = TotalOrder.Key(first / scale) >= TotalOrder.Key(threshold);
                float before = TotalOrder.Value(TotalOrder.Key(first) - 1);
                bool reachedBefore = TotalOrder.Key(before / scale) >= TotalOrder.Key(threshold);
                if (!reached || (reachedBefore && !float.IsNaN(before)))
                {
                    Assert.Fail($"threshold {threshold:R}, scale {scale:R}: {first:R} reaches it: {reached}, {before:R}: {reachedBefore}.");
                }
            }
        }
    }

    /// <summary>Logarithmic codebooks have thresholds too close to 0 for intervals of equal length, FP8 has cells for NaN.</summary>
    [Fact]
    public void Codebooks_of_sixteen_levels_are_told_apart_by_buckets_unless_they_are_logarithmic()
    {
        SampleCodebooks.All.Where(pair => pair.Value.Levels.Length <= 17 && pair.Value.Cells.Buckets is null).Select(pair => pair.Key)
            .Should().BeEquivalentTo("µ-law 16", "powers of two 4", "neighbouring floats 16", "subnormal", "extremes");
    }

    [Theory]
    [InlineData("NF4")]
    [InlineData("FP4 E2M1")]
    [InlineData("µ-law 256")]
    [InlineData("sign")]
    public void Any_length_at_any_address_touches_only_its_elements(string name)
    {
        Codebook book = SampleCodebooks.All[name];
        float[] probes = SampleCodebooks.Probes(book);
        byte[] codes = new byte[300];
        float[] values = new float[300];
        byte[] expected = Array.ConvertAll(probes, value => (byte)book.Encode(value));
        float[] levels = Array.ConvertAll(expected, code => book.Decode(code));
        CodebookQuantizer quantizer = new(book);
        for (int length = 0; length <= 200; length++)
        {
            int start = length % 17;
            Array.Fill(codes, (byte)0xEE);
            Array.Fill(values, -77);
            quantizer.Quantize<byte>(probes.AsSpan(start, length), codes.AsSpan(start, length));
            codes.AsSpan(start, length).SequenceEqual(expected.AsSpan(start, length)).Should().BeTrue("of length {0}", length);
            codes.AsSpan(0, start).ContainsAnyExcept((byte)0xEE).Should().BeFalse();
            codes.AsSpan(start + length).ContainsAnyExcept((byte)0xEE).Should().BeFalse();
            quantizer.Dequantize<byte>(codes.AsSpan(start, length), values.AsSpan(start, length));
            values.AsSpan(start, length).SequenceEqual(levels.AsSpan(start, length)).Should().BeTrue("of length {0}", length);
            values.AsSpan(0, start).ContainsAnyExcept(-77).Should().BeFalse();
            values.AsSpan(start + length).ContainsAnyExcept(-77).Should().BeFalse();
        }
    }

    /// <summary>Runs that begin and end within a byte, blocks, and columns with a scale each.</summary>
    [Fact]
    public void Packed_codes_of_every_layout_are_read_as_the_level_times_the_scale()
    {
        Random random = new(5);
        foreach (string name in (string[])["NF4", "FP4 E2M1", "µ-law 16"])
        {
            foreach ((int rows, int columns, Granularity granularity) in ((int, int, Granularity)[])
                [(1, 4099, Granularity.PerTensor), (13, 131, Granularity.PerChannel(0)), (9, 257, Granularity.PerChannel(1)),
                (3, 2112, Granularity.PerBlock(1, 16)), (5, 1600, Granularity.PerBlock(1, 32)), (70, 64, Granularity.PerBlock(1, 64)),
                (7, 66, Granularity.PerBlock(1, 11))])
            {
                int count = granularity.Kind switch
                {
                    GranularityKind.PerTensor => 1,
                    GranularityKind.PerChannel => granularity.Axis == 0 ? rows : columns,
                    _ => rows * (columns / granularity.BlockSize),
                };
                int ScaleOf(int element) => granularity.Kind switch
                {
                    GranularityKind.PerTensor => 0,
                    GranularityKind.PerChannel => granularity.Axis == 0 ? element / columns : element % columns,
                    _ => element / granularity.BlockSize,
                };
                float[] scales = [.. Enumerable.Range(0, count).Select(_ => 0.1f + random.NextSingle())];
                Codebook book = SampleCodebooks.All[name];
                CodebookQuantizer quantizer = new(book, CodeFormat.UInt4, new QuantizationParameters(scales), granularity);
                byte[] packed = new byte[(rows * columns + 1) / 2];
                random.NextBytes(packed);
                packed[^1] &= 0x0F;
                float[] values = [.. Enumerable.Repeat(-77f, rows * columns + 1)];

                quantizer.Dequantize(
                    new ReadOnlyTensorSpan<byte>(packed), new TensorSpan<float>(values, [rows, columns]));

                values[..^1].Should().Equal(Enumerable.Range(0, rows * columns)
                    .Select(i => book.Decode((packed[i / 2] >> (i % 2 * 4)) & 15) * scales[ScaleOf(i)]));
                values[^1].Should().Be(-77);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Packed_codes_come_back_and_lie_from_the_lowest_bits_up(int bits)
    {
        Random random = new(bits);
        for (int length = 0; length <= 300; length++)
        {
            byte[] codes = new byte[length + 8];
            random.NextBytes(codes);
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] &= (byte)((1 << bits) - 1);
            }

            byte[] expected = new byte[((length * bits) + 7) / 8];
            for (int i = 0; i < length; i++)
            {
                expected[i * bits / 8] |= (byte)(codes[i] << (i * bits % 8));
            }

            byte[] packed = new byte[expected.Length + 1];
            packed[^1] = 0xEE;
            byte[] unpacked = new byte[length + 8];
            byte[] scratch = [.. codes];
            fixed (byte* source = scratch, target = packed, back = unpacked)
            {
                CodePacking.Pack(source, length, bits, target);
                CodePacking.Unpack(target, length, bits, back);
            }

            packed.AsSpan().SequenceEqual([.. expected, (byte)0xEE]).Should().BeTrue("of length {0}", length);
            unpacked.AsSpan(0, length).SequenceEqual(codes.AsSpan(0, length)).Should().BeTrue("of length {0}", length);
        }
    }

    [Fact]
    public void Every_granularity_and_packing_gives_what_single_values_give()
    {
        (Codebook Book, CodeFormat Format)[] books =
        [
            (Codebook.Sign, CodeFormat.UInt1), (Codebook.UniformMidTread(3, 1), CodeFormat.UInt2),
            (Codebook.NormalFloat4, CodeFormat.UInt4), (Codebook.NormalFloat4, CodeFormat.UInt8), (Codebook.Float4E2M1, CodeFormat.UInt4),
            (Codebook.MuLaw(256), CodeFormat.UInt8), (Codebook.Float8E4M3FN, CodeFormat.UInt8),
        ];
        (nint[] Shape, Granularity Granularity)[] layouts =
        [
            ([5000], Granularity.PerTensor), ([7, 311], Granularity.PerChannel(0)), ([7, 311], Granularity.PerChannel(1)),
            ([3, 5, 77], Granularity.PerChannel(1)), ([33, 130], Granularity.PerBlock(1, 64)), ([40, 128], Granularity.PerBlock(-1, 32)),
            ([50, 130], Granularity.PerBlock(1, 16)), ([2, 9000], Granularity.PerBlock(1, 4096)), ([7, 100], Granularity.PerBlock(1, 10)),
            ([9, 50], Granularity.PerBlock(0, 4)), ([3, 17, 5], Granularity.PerBlock(1, 5)), ([0, 4], Granularity.PerChannel(0)),
        ];
        Random random = new(11);
        foreach ((nint[] shape, Granularity granularity) in layouts)
        {
            int length = (int)TensorPrimitives.Product<nint>(shape);
            float[] values = new float[length];
            for (int i = 0; i < length; i++)
            {
                values[i] = (float)Math.Tan(3 * (random.NextDouble() - 0.5));
            }

            foreach ((Codebook book, CodeFormat format) in length == 0 ? [] : books)
            {
                CodebookQuantizer quantizer = CodebookQuantizer.FromTensor(
                    new ReadOnlyTensorSpan<float>(values, shape), book, format, granularity);
                byte[] codes = new byte[format.GetByteCount(length)];
                quantizer.Quantize(new ReadOnlyTensorSpan<float>(values, shape), new TensorSpan<byte>(codes));
                float[] back = new float[length];
                quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(back, shape));
                float[] fake = [.. values];
                quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(fake, shape), new TensorSpan<float>(fake, shape));
                int[] groups = GroupOfElements(shape, granularity);
                float[] expected = new float[length];
                byte[] expectedCodes = new byte[codes.Length];
                for (int i = 0; i < length; i++)
                {
                    float scale = quantizer.Parameters.Scales[groups[i]];
                    int code = book.Encode(values[i] / scale);
                    expectedCodes[i * format.StorageBits / 8] |= (byte)(code << (i * format.StorageBits % 8));
                    expected[i] = book.Decode(code) * scale;
                }

                codes.SequenceEqual(expectedCodes).Should().BeTrue("of {0} in {1}", granularity, format);
                back.SequenceEqual(expected).Should().BeTrue("of {0} in {1}", granularity, format);
                fake.SequenceEqual(expected).Should().BeTrue("of {0} in {1}", granularity, format);
            }
        }
    }

    [Fact]
    public void Codes_may_overwrite_their_values()
    {
        foreach (Codebook book in new[] { Codebook.NormalFloat4, Codebook.MuLaw(256) })
        {
            float[] values = SampleCodebooks.Probes(book);
            byte[] expected = new byte[values.Length];
            new CodebookQuantizer(book).Quantize<byte>(values, expected);
            fixed (float* memory = values)
            {
                new CodebookQuantizer(book)
                    .Quantize(new ReadOnlyTensorSpan<float>(memory, values.Length), new TensorSpan<byte>((byte*)memory, values.Length));
                new ReadOnlySpan<byte>(memory, values.Length).ToArray().Should().Equal(expected);
            }
        }
    }

    [Fact]
    public void Quantizing_allocates_nothing()
    {
        float[] values = new float[10_000];
        byte[] codes = new byte[5_000];
        CodebookQuantizer quantizer = new(Codebook.NormalFloat4, CodeFormat.UInt4, new QuantizationParameters([2f]));
        void Run()
        {
            quantizer.Quantize(new ReadOnlyTensorSpan<float>(values), new TensorSpan<byte>(codes));
            quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(values));
        }

        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    /// <summary>A finite float other than 0, of any exponent.</summary>
    private static float RandomFloat(Random random)
    {
        float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
        return float.IsFinite(value) && value != 0 ? value : 1;
    }

    /// <summary>The group of each element, by its indices.</summary>
    private static int[] GroupOfElements(nint[] shape, Granularity granularity)
    {
        int[] groups = new int[(int)TensorPrimitives.Product<nint>(shape)];
        nint[] groupShape = granularity.Kind == GranularityKind.PerTensor ? [] : granularity.GetParameterShape(shape);
        for (int i = 0; i < groups.Length; i++)
        {
            nint[] index = new nint[shape.Length];
            nint rest = i;
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
            }

            switch (granularity.Kind)
            {
                case GranularityKind.PerChannel:
                    groups[i] = (int)index[granularity.GetAxis(shape.Length)];
                    break;
                case GranularityKind.PerBlock:
                    index[granularity.GetAxis(shape.Length)] /= granularity.BlockSize;
                    nint group = 0;
                    for (int axis = 0; axis < shape.Length; axis++)
                    {
                        group = group * groupShape[axis] + index[axis];
                    }

                    groups[i] = (int)group;
                    break;
                default:
                    break;
            }
        }

        return groups;
    }
}
