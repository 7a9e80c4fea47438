using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI.Tests.Generators;

public sealed class EmbeddingCalibrationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantization-tests-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "calibration.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_largest_magnitude_gives_the_scale_and_each_dimension_its_mean()
    {
        EmbeddingCalibration calibration = EmbeddingCalibration.Learn(
            [new(new float[] { 1, -2, 0 }), new(new float[] { 2, 1, 0.5f })], new MaxCalibrator());
        calibration.Scale.Should().Be(2f / 127);
        calibration.Mean.ToArray().Should().Equal(1.5f, -0.5f, 0.25f);
        calibration.Dimensions.Should().Be(3);
    }

    [Fact]
    public void By_default_a_rare_large_value_is_clipped()
    {
        Random random = new(1);
        Embedding<float>[] sample = [.. Enumerable.Range(0, 200)
            .Select(_ => new Embedding<float>(Enumerable.Range(0, 64).Select(_ => random.NextSingle() - 0.5f).ToArray()))];
        float[] first = [20f, .. sample[0].Vector[1..].ToArray()];
        sample[0] = new Embedding<float>(first);
        float scale = EmbeddingCalibration.Learn(sample).Scale;
        scale.Should().BeLessThan(EmbeddingCalibration.Learn(sample, new MaxCalibrator()).Scale);
    }

    [Fact]
    public async Task What_a_generator_gives_is_learned_from_in_batches()
    {
        (string, float[])[] table = [.. Enumerable.Range(0, 150).Select(i => ($"{i}", new float[] { i, 1 }))];
        TableGenerator generator = new(table);
        EmbeddingCalibration calibration = await EmbeddingCalibration.LearnAsync(
            generator, table.Select(each => each.Item1), new MaxCalibrator());
        calibration.Mean.ToArray().Should().Equal(74.5f, 1);
        calibration.Scale.Should().Be(149f / 127);
        generator.Calls.Should().Be(3);
        await FluentActions.Awaiting(
            () => EmbeddingCalibration.LearnAsync(generator, ["1"], cancellationToken: new CancellationToken(true)))
            .Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void A_saved_calibration_comes_back_with_the_same_bits()
    {
        float[] mean = [1f / 3, -0f, float.Epsilon, float.MaxValue, -1e-30f];
        new EmbeddingCalibration(1f / 127, mean).Save(Path);
        EmbeddingCalibration loaded = EmbeddingCalibration.Load(Path);
        loaded.Scale.Should().Be(1f / 127);
        loaded.Mean.ToArray().Select(BitConverter.SingleToInt32Bits).Should().Equal(mean.Select(BitConverter.SingleToInt32Bits));
        Directory.GetFiles(_folder).Should().ContainSingle();
    }

    [Theory]
    [InlineData("", "*")]
    [InlineData("[]", "This is no calibration of embeddings*")]
    [InlineData("""{"format":1}""", "This is no calibration of embeddings*")]
    [InlineData("""{"format":"quantization.embeddings","version":2}""", "The version is 2; this library reads version 1.*")]
    [InlineData("""{"format":"quantization.embeddings","version":1,"scale":"x"}""", "The property 'scale' is no number.*")]
    [InlineData(
        """{"format":"quantization.embeddings","version":1,"scale":0,"dimensions":1,"mean":[0]}""", "A scale must be positive and finite*")]
    [InlineData(
        """{"format":"quantization.embeddings","version":1,"scale":1,"dimensions":2,"mean":[0]}""", "There are 1 means for 2 dimensions.*")]
    [InlineData(
        """{"format":"quantization.embeddings","version":1,"scale":1,"dimensions":1,"mean":[null]}""",
        "The mean of dimension 0 is no number.*")]
    [InlineData("""{"format":"quantization.embeddings","version":1,"scale":1,"dimensions":1,"mean":[1e99]}""", "*")]
    public void A_damaged_file_is_named(string content, string message)
    {
        File.WriteAllText(Path, content);
        FluentActions.Invoking(() => EmbeddingCalibration.Load(Path)).Should()
            .Throw<InvalidDataException>().WithMessage($"{Path}: {message}");
    }

    [Fact]
    public void A_missing_file_and_a_folder_that_is_a_file_are_named()
    {
        FluentActions.Invoking(() => EmbeddingCalibration.Load(Path)).Should().Throw<FileNotFoundException>().WithMessage($"*{Path}*");
        File.WriteAllText(Path, "x");
        FluentActions.Invoking(() => new EmbeddingCalibration(1, [0]).Save(System.IO.Path.Combine(Path, "below.json"))).Should()
            .Throw<IOException>();
        File.ReadAllText(Path).Should().Be("x");
    }

    [Fact]
    public void Samples_that_tell_nothing_are_refused()
    {
        FluentActions.Invoking(() => EmbeddingCalibration.Learn([])).Should()
            .Throw<ArgumentException>().WithMessage("A calibration needs at least one embedding*");
        FluentActions.Invoking(() => EmbeddingCalibration.Learn([new(new float[3])])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => EmbeddingCalibration.Learn([new(new float[] { 1 }), new(new float[] { 1, 2 })])).Should()
            .Throw<InvalidDataException>()
            .WithMessage("Embedding 1 has 2 dimensions and embedding 0 has 1*");
        FluentActions.Invoking(() => new EmbeddingCalibration(0, [1])).Should()
            .Throw<ArgumentOutOfRangeException>().WithParameterName("scale");
        FluentActions.Invoking(() => new EmbeddingCalibration(1, [])).Should().Throw<ArgumentException>().WithParameterName("mean");
    }
}
