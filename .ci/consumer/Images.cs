using System.Runtime.InteropServices;
using Quantization.Images;
using Quantization.Onnx;

// A folder of images: one PNG of a red and a blue pixel, its decoder brought by the package alone.
var images = new ImageFolder(args[0], new ImageOptions { Width = 2, Height = 1 });
ModelSample sample = images.Single();
string text = string.Join(' ', MemoryMarshal.Cast<byte, float>(sample.Inputs[0].Data).ToArray());
Console.WriteLine($"{sample.Name}: {text}");
return text == "1 0 0 0 0 1" ? 0 : 1;
