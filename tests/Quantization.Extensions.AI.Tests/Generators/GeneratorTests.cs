using System.Collections;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI.Tests.Generators;

public sealed class GeneratorTests : IDisposable
{
    private readonly TableGenerator _inner = new(("a", [0.5f, -1, 0.25f, 0]), ("b", [3, 0, 4, 12]), ("nan", [1, float.NaN, 0, 0]));

    public void Dispose() => _inner.Dispose();

    [Fact]
    public async Task Int8_with_a_scale_a_vector_reconstructs_each_value_to_half_a_step()
    {
        GeneratedEmbeddings<Embedding<sbyte>> codes = await _inner.AsInt8().GenerateAsync(["a", "b"]);
        codes[0].Vector.ToArray().Should().Equal(64, -127, 32, 0);
        codes[0].AdditionalProperties![QuantizedEmbeddings.ScaleKey].Should().Be(1f / 127);
        codes[1].Vector.ToArray().Should().Equal(32, 0, 42, 127);
        codes[1].AdditionalProperties![QuantizedEmbeddings.ScaleKey].Should().Be(12f / 127);
    }

    [Fact]
    public async Task Int8_with_a_calibration_has_its_scale_and_saturates()
    {
        EmbeddingCalibration calibration = new(0.01f, [0, 0, 0, 0]);
        IEmbeddingGenerator<string, Embedding<sbyte>> int8 = _inner.AsInt8(calibration);
        (await int8.GenerateAsync("a")).Vector.ToArray().Should().Equal(50, -100, 25, 0);
        (await int8.GenerateAsync("b")).Vector.ToArray().Should().Equal(127, 0, 127, 127);
        (await int8.GenerateAsync("a")).AdditionalProperties!.ContainsKey(QuantizedEmbeddings.ScaleKey).Should().BeFalse();
        int8.GetService<EmbeddingCalibration>().Should().BeSameAs(calibration);
    }

    [Fact]
    public async Task Halves_are_rounded_to_the_nearest()
    {
        (await _inner.AsHalf().GenerateAsync("a")).Vector.ToArray().Should().Equal((Half)0.5f, (Half)(-1), (Half)0.25f, (Half)0);
        TableGenerator large = new(("x", [65504, 65520]));
        await FluentActions.Awaiting(() => large.AsHalf().GenerateAsync("x")).Should().ThrowAsync<InvalidDataException>()
            .WithMessage("Embedding 0 has a value that is no finite 16-bit float*");
    }

    [Fact]
    public async Task Dimension_0_is_bit_0_and_the_leftmost_digit_as_in_pgvector()
    {
        // binary_quantize('[1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1]') of pgvector is B'10011011101'.
        TableGenerator inner = new(("x", [1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1]));
        BinaryEmbedding bits = await inner.AsBinary().GenerateAsync("x");
        bits.Vector.Cast<bool>().Should().Equal(true, false, false, true, true, false, true, true, true, false, true);
        bits.Dimensions.Should().Be(11);
        JsonDocument.Parse(JsonSerializer.Serialize<Embedding>(bits, AIJsonUtilities.DefaultOptions))
            .RootElement.GetProperty("vector").GetString().Should().Be("10011011101");

        // The bytes are those that the core compares.
        byte[] bytes = new byte[2];
        bits.Vector.CopyTo(bytes, 0);
        byte[] expected = new byte[2];
        QuantizationPrimitives.QuantizeSigns([1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1], 11, expected);
        bytes.Should().Equal(expected);
    }

    [Fact]
    public async Task Bits_tell_on_which_side_of_the_mean_a_value_lies()
    {
        BinaryEmbedding bits = await _inner.AsBinary(new float[] { 0.5f, -2, 0.26f, 0.1f }).GenerateAsync("a");
        bits.Vector.Cast<bool>().Should().Equal(true, true, false, false);
        BinaryEmbedding same = await _inner.AsBinary(new EmbeddingCalibration(1, [0.5f, -2, 0.26f, 0.1f])).GenerateAsync("a");
        ((BitArray)same.Vector.Clone()).Xor(bits.Vector).HasAnySet().Should().BeFalse();
    }

    [Fact]
    public async Task Cut_dimensions_are_a_unit_vector_again()
    {
        IEmbeddingGenerator<string, Embedding<float>> cut = _inner.WithDimensions(3);
        (await cut.GenerateAsync("b")).Vector.ToArray().Should().Equal(0.6f, 0, 0.8f);
        cut.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions.Should().Be(3);
        (await _inner.WithDimensions(3).AsInt8().GenerateAsync("b")).Vector.ToArray().Should().Equal(95, 0, 127);
        await FluentActions.Awaiting(() => _inner.WithDimensions(5).GenerateAsync("a")).Should().ThrowAsync<InvalidDataException>()
            .WithMessage("Embedding 0 has 4 dimensions and cannot be cut to 5; ask for at most 4.");
    }

    [Fact]
    public async Task A_cut_vector_of_zeros_stays_zeros() =>
        (await new TableGenerator(("x", [0, 0, 1])).WithDimensions(2).GenerateAsync("x")).Vector.ToArray().Should().Equal(0, 0);

    [Fact]
    public async Task Cutting_fits_into_a_builders_pipeline()
    {
        IEmbeddingGenerator<string, Embedding<float>> built = new EmbeddingGeneratorBuilder<string, Embedding<float>>(_inner)
            .Use(inner => inner.WithDimensions(2)).Build();
        (await built.AsInt8().GenerateAsync("a")).Dimensions.Should().Be(2);
    }

    [Fact]
    public async Task Options_usage_and_properties_go_through()
    {
        EmbeddingGenerationOptions options = new() { ModelId = "m" };
        using CancellationTokenSource source = new();
        GeneratedEmbeddings<Embedding<sbyte>> codes = await _inner.AsInt8().GenerateAsync(["a"], options, source.Token);
        _inner.Options.Should().BeSameAs(options);
        _inner.Token.Should().Be(source.Token);
        codes.Usage!.InputTokenCount.Should().Be(7);
        codes.AdditionalProperties!["batch"].Should().Be("b");
        codes[0].ModelId.Should().Be("model");
        codes[0].CreatedAt.Should().Be(TableGenerator.Created);
        codes[0].AdditionalProperties!["text"].Should().Be("a");
        codes[0].AdditionalProperties.Should().HaveCount(2);
    }

    [Fact]
    public void Services_come_from_the_generator_that_is_wrapped()
    {
        IEmbeddingGenerator<string, BinaryEmbedding> binary = _inner.AsBinary();
        binary.GetService<IEmbeddingGenerator<string, BinaryEmbedding>>().Should().BeSameAs(binary);
        binary.GetService<TableGenerator>().Should().BeSameAs(_inner);
        binary.GetService<IEmbeddingGenerator<string, Embedding<float>>>().Should().BeSameAs(_inner);
        binary.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions.Should().Be(4);
        binary.GetService(typeof(string), "key").Should().Be("keyed");
        binary.GetService<HttpClient>().Should().BeNull();
        binary.Dispose();
        _inner.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task Values_that_are_not_finite_are_refused_by_all()
    {
        string message = "Embedding 1 has the value NaN in dimension 1; codes need finite values.";
        await FluentActions.Awaiting(() => _inner.AsInt8().GenerateAsync(["a", "nan"])).Should()
            .ThrowAsync<InvalidDataException>().WithMessage(message);
        await FluentActions.Awaiting(() => _inner.AsInt8(new EmbeddingCalibration(1, new float[4])).GenerateAsync(["a", "nan"]))
            .Should().ThrowAsync<InvalidDataException>().WithMessage(message);
        await FluentActions.Awaiting(() => _inner.AsBinary().GenerateAsync(["a", "nan"])).Should()
            .ThrowAsync<InvalidDataException>().WithMessage(message);
        await FluentActions.Awaiting(() => _inner.WithDimensions(1).GenerateAsync(["a", "nan"])).Should()
            .ThrowAsync<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public async Task A_calibration_of_another_model_is_refused()
    {
        EmbeddingCalibration other = new(1, new float[5]);
        string message = "Embedding 0 has 4 dimensions, but the calibration is for 5; use the calibration of this model.";
        await FluentActions.Awaiting(() => _inner.AsInt8(other).GenerateAsync("a")).Should()
            .ThrowAsync<InvalidDataException>().WithMessage(message);
        await FluentActions.Awaiting(() => _inner.AsBinary(other).GenerateAsync("a")).Should()
            .ThrowAsync<InvalidDataException>().WithMessage(message);
        FluentActions.Invoking(() => _inner.AsBinary(new[] { float.NaN })).Should().Throw<ArgumentException>().WithParameterName("mean");
    }
}
