// Compares sentences with an encoder in floats and in int8, and keeps the embeddings as int8 codes. In a project of your own:
//   dotnet add package Quantization.Onnx
//   dotnet add package Microsoft.ML.OnnxRuntime
//   dotnet add package FastBertTokenizer
// The encoder, all-MiniLM-L6-v2, comes out of a package that embeds it; an ONNX file of your own does as well.
using Quantization;
using Quantization.Onnx;
using Quantization.Samples;

string[] sentences =
[
    "A man is playing a guitar.", "Someone plays a musical instrument.", "A woman is slicing an onion.",
    "The chef cuts vegetables.", "The plane took off on time.", "The flight left at the planned hour.",
];

DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-similarity-");
string model = Path.Combine(folder.FullName, "minilm.onnx"), output = Path.Combine(folder.FullName, "minilm.int8.onnx");
EncoderFiles.WriteModel(model);
PtqResult result = DynamicQuantizer.Quantize(model, output, new DynamicOptions { LatencyRuns = 0 });
Console.WriteLine($"int8: {result.OutputBytes / 1e6:0.0} of {result.ModelBytes / 1e6:0.0} MB");

float[][] original, quantized;
using (SentenceEncoder encoder = new(model))
{
    original = [.. sentences.Select(encoder.Embed)];
}

using (SentenceEncoder encoder = new(output))
{
    quantized = [.. sentences.Select(encoder.Embed)];
}

// One int8 code a value, with a scale for each sentence: a quarter of the bytes. Cosines need no scale.
sbyte[][] codes = [.. quantized.Select(vector =>
{
    sbyte[] row = new sbyte[vector.Length];
    QuantizationPrimitives.DynamicQuantizeRows<sbyte>(vector, vector.Length, row, new float[1]);
    return row;
})];
for (int i = 0; i < sentences.Length; i++)
{
    int Nearest(Func<int, double> similarity) => Enumerable.Range(0, sentences.Length).Where(other => other != i).MaxBy(similarity);
    int byFloats = Nearest(other => System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(original[i], original[other]));
    int byCodes = Nearest(other => CodeDistance.CosineSimilarity(codes[i], codes[other]));
    Console.WriteLine($"{sentences[i]} → {sentences[byCodes]} ({CodeDistance.CosineSimilarity(codes[i], codes[byCodes]):0.00})");
    Expect.True(byFloats == byCodes && byCodes == (i ^ 1), "the nearest sentence is the one of the same meaning, by floats and by codes");
}

Expect.True(result.OutputBytes < result.ModelBytes * 0.3, "the model shrinks to a quarter");
folder.Delete(recursive: true);
