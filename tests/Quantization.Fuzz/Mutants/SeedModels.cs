using Google.Protobuf;
using Quantization.Fuzz.Graphs;
using Quantization.Fuzz.Recipes;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Mutants;

/// <summary>Valid models to begin with, with samples for them: random graphs, and what the recipes make of these.</summary>
internal static class SeedModels
{
    /// <summary>How many there are.</summary>
    public const int Count = 48;

    private static readonly Dictionary<int, (byte[] Bytes, SampleList Samples)> Made = [];

    /// <summary>A model, as bytes.</summary>
    public static (byte[] Bytes, SampleList Samples) Get(int number)
    {
        if (!Made.TryGetValue(number, out (byte[] Bytes, SampleList Samples) made))
        {
            Made[number] = made = Make(number);
        }

        return made;
    }

    private static (byte[] Bytes, SampleList Samples) Make(int number)
    {
        if (number == 0)
        {
            return (ModelBuilder.Linear().Model.ToByteArray(), ModelBuilder.LinearSamples());
        }

        RandomGraph graph = RandomGraph.Make(number);
        byte[] bytes = graph.Model.ToByteArray();
        return (
            number % 3 == 0 ? Quantize(bytes, graph.Samples, FuzzedRecipe.All[number / 3 % (FuzzedRecipe.All.Count - 1)]) : bytes,
            graph.Samples);
    }

    private static byte[] Quantize(byte[] bytes, SampleList samples, FuzzedRecipe recipe)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-fuzz-seed-");
        try
        {
            string model = Path.Combine(folder.FullName, "model.onnx"), output = Path.Combine(folder.FullName, "out.onnx");
            File.WriteAllBytes(model, bytes);
            recipe.Run(model, samples, output, null);
            return File.ReadAllBytes(output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
