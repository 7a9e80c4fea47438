using Quantization;
using Quantization.Onnx;

// A tensor: symmetric int8 weights, one scale for each of two rows.
float[] weights = [0.5f, -1.27f, 0.01f, 20f, -12.8f, 25.4f];
var quantizer = SymmetricQuantizer.FromTensor(new(weights, [2, 3]), CodeFormat.Int8, Granularity.PerChannel(0));
var codes = new sbyte[6];
quantizer.Quantize<sbyte>(new(weights, [2, 3]), new(codes, [2, 3]));
Console.WriteLine(string.Join(' ', codes)); // 50 -127 1 100 -64 127

// A model: calibrate on a folder of samples, write int8, see what it cost.
PtqResult result = PostTrainingQuantizer.Quantize(args[0], new SampleFolder(args[1]), args[2], new PtqOptions { ActivationCalibrator = new EntropyCalibrator() });
Console.WriteLine($"{result.OutputBytes} of {result.ModelBytes} bytes");
