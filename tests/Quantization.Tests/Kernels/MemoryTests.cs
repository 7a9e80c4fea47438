using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CsCheck;

namespace Quantization.Tests.Kernels;

/// <summary>Lengths, alignments, overlaps, strides, threads: what is independent of the arithmetic.</summary>
public unsafe class MemoryTests
{
    private const float Scale = 0.05f;

    [Fact]
    public void Every_length_and_alignment_writes_its_codes_and_nothing_else()
    {
        byte* sourceMemory = stackalloc byte[260 * 4 + 64];
        byte* codeMemory = stackalloc byte[400];
        Random random = new(1);
        for (int length = 0; length <= 256; length++)
        {
            for (int misalignment = 0; misalignment < 8; misalignment++)
            {
                // Not even floats are aligned where the offset is odd.
                float* source = (float*)(sourceMemory + misalignment);
                for (int i = 0; i < length; i++)
                {
                    source[i] = (random.NextSingle() - 0.5f) * 16;
                }

                Span<byte> guarded = new(codeMemory, 400);
                guarded.Fill(0xCC);
                sbyte* codes = (sbyte*)(codeMemory + 64 + misalignment * 3);
                QuantizationPrimitives.Quantize(new ReadOnlySpan<float>(source, length), Scale, (sbyte)2, new Span<sbyte>(codes, length));
                for (int i = 0; i < length; i++)
                {
                    codes[i].Should().Be((sbyte)Math.Clamp(MathF.Round(source[i] / Scale, MidpointRounding.ToEven) + 2, -128, 127));
                }

                guarded[..(64 + misalignment * 3)].ContainsAnyExcept((byte)0xCC).Should().BeFalse();
                guarded[(64 + misalignment * 3 + length)..].ContainsAnyExcept((byte)0xCC).Should().BeFalse();
            }
        }
    }

    [Fact]
    public void Values_stored_past_the_caches_are_those_of_their_codes()
    {
        byte[] codes = new byte[3_600_007];
        new Random(3).NextBytes(codes);
        float[] values = new float[codes.Length];
        QuantizationPrimitives.Dequantize<byte>(codes, Scale, 7, values);
        int wrong = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            wrong += values[i] == (codes[i] - 7) * Scale ? 0 : 1;
        }

        wrong.Should().Be(0);
    }

    /// <summary>Large tensors take other loops; these must find the parameters of blocks and rows wherever the memory begins.</summary>
    [Theory]
    [InlineData(1, 16)]
    [InlineData(1, 32)]
    [InlineData(1, 96)]
    [InlineData(1, 192)]
    [InlineData(1, 64)]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    public void Large_tensors_at_any_address_take_the_parameters_of_their_groups(int axis, int blockSize)
    {
        const int Rows = 3584;
        const int Columns = 960;
        Granularity granularity = blockSize == 0 ? Granularity.PerChannel(axis) : Granularity.PerBlock(axis, blockSize);
        int groups = (int)TensorPrimitives.Product<nint>(granularity.GetParameterShape([Rows, Columns]));
        float[] scales = [.. Enumerable.Range(0, groups).Select(group => Scale * (1 + (group % 13)))];
        int[] zeroPoints = [.. Enumerable.Range(0, groups).Select(group => group % 7)];
        AffineQuantizer quantizer = new(CodeFormat.Int8, new QuantizationParameters(scales, zeroPoints), granularity);
        float[] values = Values(Rows * Columns);
        sbyte[] expectedCodes = new sbyte[values.Length];
        float[] expected = new float[values.Length];
        int groupLength = values.Length / groups;
        for (int i = 0; i < values.Length; i++)
        {
            int group = granularity == Granularity.PerChannel(1) ? i % Columns : i / groupLength;
            (float scale, int zeroPoint) = (scales[group], zeroPoints[group]);
            int code = (int)Math.Clamp(MathF.Round(values[i] / scale, MidpointRounding.ToEven) + zeroPoint, -128, 127);
            expectedCodes[i] = (sbyte)code;
            expected[i] = (code - zeroPoint) * scale;
        }

        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(values.Length + 1) * sizeof(float), 64);
        foreach (int misalignment in (int[])[0, 1, 16, 48, 63])
        {
            Span<byte> codes = new(memory + misalignment, values.Length);
            quantizer.Quantize(
                new ReadOnlyTensorSpan<float>(values, [Rows, Columns]), new TensorSpan<byte>(memory + misalignment, values.Length));
            codes.SequenceEqual(MemoryMarshal.AsBytes<sbyte>(expectedCodes)).Should()
                .BeTrue("of codes {0} bytes behind a cache line", misalignment);
        }

        values.CopyTo(new Span<float>(memory, values.Length));
        quantizer.Quantize(
            new ReadOnlyTensorSpan<float>((float*)memory, values.Length, [Rows, Columns]), new TensorSpan<byte>(memory, values.Length));
        new ReadOnlySpan<byte>(memory, values.Length).SequenceEqual(MemoryMarshal.AsBytes<sbyte>(expectedCodes)).Should()
            .BeTrue("in place");

        fixed (sbyte* codes = expectedCodes)
        fixed (float* source = values)
        {
            foreach (int misalignment in (int[])[0, 1])
            {
                TensorSpan<float> results = new((float*)memory + misalignment, values.Length, [Rows, Columns]);
                quantizer.Dequantize(new ReadOnlyTensorSpan<byte>((byte*)codes, values.Length), results);
                new ReadOnlySpan<float>((float*)memory + misalignment, values.Length).SequenceEqual(expected).Should()
                    .BeTrue("of values {0} floats behind a cache line", misalignment);
                results.Clear();
                quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(source, values.Length, [Rows, Columns]), results);
                new ReadOnlySpan<float>((float*)memory + misalignment, values.Length).SequenceEqual(expected).Should()
                    .BeTrue("of values {0} floats behind a cache line", misalignment);
            }
        }

        NativeMemory.AlignedFree(memory);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(1000)]
    [InlineData(2_500_003)]
    public void In_place_gives_what_separate_memory_gives(int length)
    {
        float[] values = Values(length);
        sbyte[] codes = new sbyte[length];
        float[] fake = new float[length];
        int[] wide = new int[length];
        QuantizationPrimitives.Quantize<sbyte>(values, Scale, 1, codes);
        QuantizationPrimitives.FakeQuantize<sbyte>(values, Scale, 1, fake);
        QuantizationPrimitives.Quantize(values, Scale, 0, wide);

        float[] place = [.. values];
        QuantizationPrimitives.FakeQuantize<sbyte>(place, Scale, 1, place);
        place.AsSpan().SequenceEqual(fake).Should().BeTrue();

        place = [.. values];
        Span<sbyte> narrow = MemoryMarshal.Cast<float, sbyte>(place.AsSpan())[..length];
        QuantizationPrimitives.Quantize(place, Scale, (sbyte)1, narrow);
        narrow.SequenceEqual(codes).Should().BeTrue();

        place = [.. values];
        Span<int> same = MemoryMarshal.Cast<float, int>(place.AsSpan());
        QuantizationPrimitives.Quantize(place, Scale, 0, same);
        same.SequenceEqual(wide).Should().BeTrue();

        AffineQuantizer parallel = new(CodeFormat.Int8, new QuantizationParameters([Scale], [1])) { MaxDegreeOfParallelism = 4 };
        place = [.. values];
        narrow = MemoryMarshal.Cast<float, sbyte>(place.AsSpan())[..length];
        parallel.Quantize<sbyte>(place, narrow);
        narrow.SequenceEqual(codes).Should().BeTrue();
    }

    [Fact]
    public void Overlap_that_would_destroy_values_is_refused()
    {
        float[] values = new float[100];
        Action shifted = () => QuantizationPrimitives.FakeQuantize<sbyte>(values.AsSpan(0, 90), 1, 0, values.AsSpan(1, 90));
        shifted.Should().Throw<ArgumentException>()
            .WithMessage("The destination overlaps the source; it must start where*").WithParameterName("destination");
        Action widening =
            () => QuantizationPrimitives.Dequantize(MemoryMarshal.Cast<float, sbyte>(values.AsSpan())[..100], 1, (sbyte)0, values);
        widening.Should().Throw<ArgumentException>().WithMessage("The destination overlaps the source and its elements are wider*");
        Action inside =
            () => QuantizationPrimitives.Quantize(values, 1, (sbyte)0, MemoryMarshal.Cast<float, sbyte>(values.AsSpan())[100..200]);
        inside.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused_and_nothing_is_written()
    {
        sbyte[] codes = [9, 9];
        Action act = () => QuantizationPrimitives.Quantize([1f, 2, 3], 1, (sbyte)0, codes);
        act.Should()
            .Throw<ArgumentException>().WithMessage("The destination has 2 elements, 3 are needed.*").WithParameterName("destination");
        codes.Should().Equal(9, 9);
    }

    [Fact]
    public void Strided_tensors_equal_their_dense_copies()
    {
        float[] values = Values(40 * 50);
        float[] window = new float[20 * 25];
        ReadOnlyTensorSpan<float> strided = new(values, [20, 25], [100, 2]);
        strided.FlattenTo(window);
        AffineQuantizer quantizer = AffineQuantizer.FromTensor(strided, CodeFormat.UInt8, Granularity.PerChannel(1));
        byte[] expected = new byte[500];
        byte[] actual = new byte[500];
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(window, [20, 25]), new TensorSpan<byte>(expected));
        quantizer.Quantize(strided, new TensorSpan<byte>(actual));
        actual.Should().Equal(expected);

        float[] dense = new float[500];
        float[] scattered = new float[40 * 50];
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(expected), new TensorSpan<float>(dense, [20, 25]));
        quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(expected), new TensorSpan<float>(scattered, [20, 25], [100, 2]));
        for (int row = 0; row < 20; row++)
        {
            for (int column = 0; column < 25; column++)
            {
                scattered[row * 100 + column * 2].Should().Be(dense[row * 25 + column]);
            }
        }

        scattered.Count(value => value != 0).Should().BeLessThanOrEqualTo(500);
    }

    [Theory]
    [InlineData(2, 3001)]
    [InlineData(3, 3001)]
    [InlineData(7, 3001)]
    [InlineData(2, 3008)]
    public void Threads_share_a_tensor_without_changing_a_code(int degree, int columns)
    {
        // Large enough for streams on each thread; odd rows make ranges begin inside runs and inside bytes.
        nint[] shape = [701, 1, columns];
        float[] values = Values(701 * columns);
        foreach (CodeFormat format in (CodeFormat[])[CodeFormat.Int8, CodeFormat.UInt4, CodeFormat.Int16])
        {
            foreach (Granularity granularity in (Granularity[])[Granularity.PerTensor, Granularity.PerChannel(0), Granularity.PerChannel(2),
                Granularity.PerBlock(2, 32), Granularity.PerBlock(0, 4)])
            {
                AffineQuantizer one = AffineQuantizer.FromTensor(new ReadOnlyTensorSpan<float>(values, shape), format, granularity);
                AffineQuantizer many = new(format, one.Parameters, granularity) { MaxDegreeOfParallelism = degree };
                byte[] expected = new byte[format.GetByteCount(values.Length)];
                byte[] actual = new byte[expected.Length];
                float[] expectedValues = new float[values.Length];
                float[] actualValues = new float[values.Length];
                one.Quantize(new ReadOnlyTensorSpan<float>(values, shape), new TensorSpan<byte>(expected));
                many.Quantize(new ReadOnlyTensorSpan<float>(values, shape), new TensorSpan<byte>(actual));
                actual.AsSpan().SequenceEqual(expected).Should().BeTrue();
                one.Dequantize(new ReadOnlyTensorSpan<byte>(expected), new TensorSpan<float>(expectedValues, shape));
                many.Dequantize(new ReadOnlyTensorSpan<byte>(expected), new TensorSpan<float>(actualValues, shape));
                actualValues.AsSpan().SequenceEqual(expectedValues).Should().BeTrue();
                many.FakeQuantize(new ReadOnlyTensorSpan<float>(values, shape), new TensorSpan<float>(actualValues, shape));
                actualValues.AsSpan().SequenceEqual(expectedValues).Should().BeTrue();
            }
        }
    }

    [Fact]
    public void A_call_on_one_thread_allocates_nothing()
    {
        float[] values = Values(5000);
        sbyte[] codes = new sbyte[5000];
        AffineQuantizer quantizer = AffineQuantizer.FromTensor(
            new ReadOnlyTensorSpan<float>(values, [50, 100]), CodeFormat.Int8, Granularity.PerChannel(1));
        void Work()
        {
            quantizer.Quantize(new ReadOnlyTensorSpan<float>(values, [50, 100]), new TensorSpan<sbyte>(codes, [50, 100]));
            QuantizationPrimitives.Quantize(values, Scale, (sbyte)0, codes);
            QuantizationPrimitives.DynamicQuantize<sbyte>(values, codes, out _);
            QuantizationPrimitives.MinMax(values);
            QuantizationPrimitives.Dot(codes, codes);
        }

        Work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public void Half_precision_values_are_quantized_as_their_floats()
    {
        float[] values = Values(5001);
        Half[] halves = Array.ConvertAll(values, value => (Half)value);
        sbyte[] expected = new sbyte[values.Length];
        sbyte[] actual = new sbyte[values.Length];
        QuantizationPrimitives.Quantize(Array.ConvertAll(halves, half => (float)half), Scale, (sbyte)4, expected);
        QuantizationPrimitives.Quantize(halves, Scale, (sbyte)4, actual);
        actual.Should().Equal(expected);
    }

    [Fact]
    public void The_round_trip_error_inside_the_range_is_at_most_half_a_step()
    {
        Check.Sample(Gen.Float[-1000, 1000].Array[1, 300], values =>
        {
            AffineQuantizer quantizer = AffineQuantizer.FromTensor(new ReadOnlyTensorSpan<float>(values), CodeFormat.UInt8);
            float[] back = new float[values.Length];
            quantizer.FakeQuantize(values, back);
            double scale = quantizer.Parameters.Scales[0];

            // At the upper end the rounding of the zero-point may cost another half step.
            return values.Zip(back)
                .All(pair => Math.Abs((double)pair.First - pair.Second) <= scale * (pair.First >= values.Max() - scale ? 1 : 0.5) * 1.0001);
        });
    }

    private static float[] Values(int count)
    {
        Random random = new(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (random.NextSingle() - 0.5f) * 16;
        }

        return values;
    }
}
