// Writes a story with a language model, in floats and with weights of 4 bits. In a project of your own:
//   dotnet add package Quantization.Onnx
//   dotnet add package Microsoft.ML.OnnxRuntime
// dotnet run -- FOLDER, where FOLDER has model.onnx (input_ids to logits) and genai/tokenizer.json; default: stories260K in shared/models
// beside the clone.
using Quantization.Onnx;
using Quantization.Samples;

string folder = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "../../../../../../shared/models/stories260K");
string model = Path.Combine(folder, "model.onnx");
if (!File.Exists(model))
{
    Console.WriteLine($"Left out: there is no {model}. Name a folder with such a model.");
    return;
}

string output = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.onnx");
PtqResult result = WeightQuantizer.Quantize(model, output, new WeightOnlyOptions { Bits = 4, LatencyRuns = 0 });
Console.WriteLine($"weights of 4 bits: {result.OutputBytes} of {result.ModelBytes} bytes, {result.QuantizedNodes.Count} products");

string tokenizer = Path.Combine(folder, "genai", "tokenizer.json");
string original = Write(model), quantized = Write(output);
Console.WriteLine($"float: {original}\n4 bit: {quantized}");
Expect.True(original.StartsWith("Once upon a time", StringComparison.Ordinal), "the float model begins a story");
Expect.True(quantized.StartsWith("Once upon a time", StringComparison.Ordinal), "the quantized model begins a story");
Expect.True(result.OutputBytes < result.ModelBytes * 0.8, "the file shrinks");
File.Delete(output);

string Write(string path)
{
    using StoryTeller teller = new(path, tokenizer);
    return teller.Write(tokens: 60);
}
