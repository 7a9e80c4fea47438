using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI.Tests.Store;

public sealed class FileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quantization-tests-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "store.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(IndexKind.Flat, false)]
    [InlineData(IndexKind.QuantizedFlat, true)]
    public async Task A_loaded_collection_answers_as_the_saved_one(string index, bool keepsVectors)
    {
        // More rows than a segment has.
        float[][] rows = Vectors.Clustered(17_000, 24, 50, 1);
        QuantizedCollectionOptions options = new() { KeepVectors = keepsVectors };
        using QuantizedDynamicCollection saved = await Vectors.Fill(rows, null, index, options);
        saved.Save(Path);
        using QuantizedDynamicCollection loaded = Vectors.Collection(typeof(float[]), 24, null, index, options);
        loaded.Load(Path);
        loaded.Count.Should().Be(17_000);
        loaded.VectorBytes.Should().Be(saved.VectorBytes);
        foreach (float[] query in Vectors.Clustered(10, 24, 50, 2))
        {
            (await Vectors.Find(loaded, query, 10)).Should().Equal(await Vectors.Find(saved, query, 10));
        }

        (await loaded.GetAsync(16_999))!["Tag"].Should().Be("other");
        Directory.GetFiles(_folder).Should().ContainSingle();
    }

    [Fact]
    public async Task A_loaded_collection_changes_without_its_file()
    {
        using QuantizedDynamicCollection saved = await Vectors.Fill(Vectors.Clustered(100, 8, 3, 3));
        saved.Save(Path);
        byte[] before = await File.ReadAllBytesAsync(Path);
        using QuantizedDynamicCollection loaded = Vectors.Collection(typeof(float[]), 8);
        loaded.Load(Path, verifyVectors: false);
        float[] vector = [0, 0, 0, 0, 0, 0, 0, 127];
        await loaded.DeleteAsync([1, 2, 50, 99]);
        await loaded.UpsertAsync(Enumerable.Range(1000, 90).Select(id => Vectors.Record(id, vector)));
        await loaded.UpsertAsync(Vectors.Record(7, vector));
        loaded.Count.Should().Be(186);
        ((float[])(await loaded.GetAsync(7, new() { IncludeVectors = true }))!["Vector"]!).Should().Equal(vector);
        (await Vectors.Find(loaded, vector, 91)).Select(each => each.Id).Should().BeEquivalentTo([7, .. Enumerable.Range(1000, 90)]);
        (await File.ReadAllBytesAsync(Path)).Should().Equal(before);
        string second = Path + "2";
        loaded.Save(second);
        using QuantizedDynamicCollection again = Vectors.Collection(typeof(float[]), 8);
        again.Load(second);
        (await Vectors.Find(again, vector, 186)).Should().Equal(await Vectors.Find(loaded, vector, 186));
    }

    [Fact]
    public async Task An_empty_collection_and_one_of_classes_come_back()
    {
        using QuantizedCollection<int, Article> collection = new("a");
        await collection.EnsureCollectionExistsAsync();
        collection.Save(Path);
        using QuantizedCollection<int, Article> empty = new("a");
        empty.Load(Path);
        (await empty.CollectionExistsAsync()).Should().BeTrue();
        empty.Count.Should().Be(0);
        using QuantizedCollection<int, Article> filled = await CollectionTests.Fill();
        filled.Save(Path);
        empty.Load(Path);
        (await empty.GetAsync(5))!.Should().BeEquivalentTo(await filled.GetAsync(5));
    }

    [Fact]
    public async Task Any_flipped_bit_and_any_missing_end_is_noticed()
    {
        using QuantizedDynamicCollection saved = await Vectors.Fill(Vectors.Clustered(70, 12, 3, 4), index: IndexKind.QuantizedFlat);
        saved.Save(Path);
        byte[] whole = await File.ReadAllBytesAsync(Path);
        using QuantizedDynamicCollection loaded = Vectors.Collection(typeof(float[]), 12, null, IndexKind.QuantizedFlat);
        await loaded.EnsureCollectionExistsAsync();
        await loaded.UpsertAsync(Vectors.Record(4711, new float[12]));
        string damaged = Path + ".damaged";
        for (int place = 0; place < whole.Length; place += place < 200 ? 1 : 37)
        {
            byte[] copy = [.. whole];
            copy[place] ^= (byte)(1 << (place % 8));
            Refuse(copy);
        }

        foreach (int length in new[] { 0, 1, 135, 136, 137, whole.Length / 2, whole.Length - 1 })
        {
            Refuse(whole[..length]);
        }

        Refuse([.. whole, 0]);
        loaded.Count.Should().Be(1);
        (await loaded.GetAsync(4711)).Should().NotBeNull();

        void Refuse(byte[] content)
        {
            File.WriteAllBytes(damaged, content);
            FluentActions.Invoking(() => loaded.Load(damaged)).Should().Throw<InvalidDataException>().WithMessage($"{damaged}*");
        }
    }

    [Fact]
    public async Task A_file_of_another_definition_is_refused()
    {
        using QuantizedDynamicCollection saved = await Vectors.Fill(Vectors.Clustered(5, 12, 3, 4));
        saved.Save(Path);
        FluentActions.Invoking(() => Vectors.Collection(typeof(float[]), 13).Load(Path)).Should().Throw<InvalidDataException>()
            .WithMessage($"{Path}: The file's vectors are (Vector: int8, 12 dimensions, CosineSimilarity); the collection's are (Vector: "
                + "int8, 13 dimensions, CosineSimilarity)*");
        FluentActions.Invoking(() => Vectors.Collection(typeof(float[]), 12, DistanceFunction.EuclideanDistance).Load(Path)).Should()
            .Throw<InvalidDataException>();
        FluentActions.Invoking(() => new QuantizedCollection<int, Article>("a").Load(Path)).Should().Throw<InvalidDataException>();
        FluentActions.Invoking(() => saved.Load(Path + "x")).Should().Throw<FileNotFoundException>().WithMessage($"*{Path}x*");
        saved.Count.Should().Be(5);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_leaves_nothing()
    {
        using QuantizedDynamicCollection saved = await Vectors.Fill(Vectors.Clustered(5, 12, 3, 4));
        Directory.CreateDirectory(Path);
        FluentActions.Invoking(() => saved.Save(Path)).Should().Throw<IOException>();
        Directory.GetFileSystemEntries(_folder).Should().Equal(Path);
    }
}
