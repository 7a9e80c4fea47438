using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Quantization.Benchmarks.Support;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>
/// Recall of nearest-neighbour search on quantized embeddings: what the example classifier's last layer reads of 2,000 test images,
/// searched for 500 training images. The truth is the search on floats.
/// </summary>
internal static class EmbeddingStudy
{
    private const int Neighbours = 10;
    private const int Candidates = 100;

    public static int Run()
    {
        float[][] stored = Embed("t10k-2000-images-idx3-ubyte.gz");
        float[][] queries = Embed("train-500-images-idx3-ubyte.gz");
        int[][] truth =
            [.. queries.Select(query => Nearest(stored.Length, i => -TensorPrimitives.CosineSimilarity(query, stored[i]), Neighbours))];

        sbyte[][] codes = [.. stored.Select(ToInt8)];
        sbyte[][] queryCodes = [.. queries.Select(ToInt8)];
        int[][] byInt8 =
            [.. queryCodes.Select(query => Nearest(codes.Length, i => -CodeDistance.CosineSimilarity(query, codes[i]), Neighbours))];

        // Signs say something only about a value's side of the mean.
        float[] mean = Mean(stored);
        byte[][] bits = [.. stored.Select(vector => ToBits(vector, mean))];
        byte[][] queryBits = [.. queries.Select(vector => ToBits(vector, mean))];
        int[][] candidates = [.. queryBits.Select(query => Nearest(bits.Length, i => CodeDistance.Hamming(query, bits[i]), Candidates))];
        int[][] rescored = [.. candidates.Select((list, q) => Nearest(
            list.Length, i => -CodeDistance.CosineSimilarity(queryCodes[q], codes[list[i]]), Neighbours).Select(i => list[i]).ToArray())];

        int length = stored[0].Length;
        Console.WriteLine(
            $"{stored.Length} vectors of {length} floats, {queries.Length} queries, recall of the {Neighbours} nearest by cosine");
        Console.WriteLine("| codes | bytes for each vector | memory | recall@10 |");
        Console.WriteLine("|---|---:|---:|---:|");
        Report("float", length * sizeof(float), length, truth, truth);
        Report("int8, one scale for each vector", length, length, byInt8, truth);
        Report("1 bit, Hamming", length / 8, length, [.. candidates.Select(list => list[..Neighbours])], truth);
        Report($"1 bit, the {Candidates} nearest ranked again by int8", length / 8 + length, length, rescored, truth);
        return 0;
    }

    /// <summary>What the classifier's last layer reads.</summary>
    private static float[][] Embed(string images)
    {
        using GZipStream stream = new(File.OpenRead(RepositoryFiles.Asset(images)), CompressionMode.Decompress);
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        byte[] file = memory.ToArray();
        int count = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(4));
        int pixels = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(8)) * BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(12));
        float[] input = [.. file.Skip(16).Select(pixel => pixel / 255f)];

        byte[] model = OnnxWeights.WithPenultimateOutput(RepositoryFiles.Model, out string output);
        using InferenceSession session = new(model);
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(input, [count, 1, 28, 28]);
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(new RunOptions(), ["image"], [image], [output]);
        ReadOnlySpan<float> values = results[0].GetTensorDataAsSpan<float>();
        int length = values.Length / count;
        float[][] vectors = new float[count][];
        for (int i = 0; i < count; i++)
        {
            vectors[i] = values.Slice(i * length, length).ToArray();
        }

        return vectors;
    }

    private static sbyte[] ToInt8(float[] vector)
    {
        sbyte[] codes = new sbyte[vector.Length];
        SymmetricQuantizer.FromTensor(new ReadOnlyTensorSpan<float>(vector), CodeFormat.Int8).Quantize(vector, codes.AsSpan());
        return codes;
    }

    private static byte[] ToBits(float[] vector, float[] mean)
    {
        float[] centred = new float[vector.Length];
        TensorPrimitives.Subtract(vector, mean, centred);
        byte[] bits = new byte[CodeFormat.UInt1.GetByteCount(vector.Length)];
        new CodebookQuantizer(Codebook.Sign, CodeFormat.UInt1, new QuantizationParameters([1f]))
            .Quantize(new ReadOnlyTensorSpan<float>(centred), new TensorSpan<byte>(bits));
        return bits;
    }

    private static float[] Mean(float[][] vectors)
    {
        float[] mean = new float[vectors[0].Length];
        foreach (float[] vector in vectors)
        {
            TensorPrimitives.Add(mean, vector, mean);
        }

        TensorPrimitives.Divide(mean, vectors.Length, mean);
        return mean;
    }

    private static int[] Nearest(int count, Func<int, float> distance, int neighbours)
    {
        float[] distances = [.. Enumerable.Range(0, count).Select(distance)];
        int[] order = [.. Enumerable.Range(0, count)];
        Array.Sort(distances, order);
        return order[..neighbours];
    }

    private static void Report(string name, int bytes, int length, int[][] found, int[][] truth)
    {
        double recall = found.Zip(truth, (list, expected) => list.Intersect(expected).Count() / (double)Neighbours).Average();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {name} | {bytes} | 1/{length * sizeof(float) / (double)bytes:0.#} | {recall:P1} |"));
    }
}
