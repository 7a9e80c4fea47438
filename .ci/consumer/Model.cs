using System.Numerics.Tensors;
using Quantization;
using Quantization.Onnx;

// A tensor: symmetric int8 weights, one scale for each of two rows.
Tensor<float> weights = Tensor.Create([0.5f, -1.27f, 0.01f, 20f, -12.8f, 25.4f], [2, 3]);
SymmetricQuantizer quantizer = SymmetricQuantizer.FromTensor(weights, CodeFormat.Int8, Granularity.PerChannel(0));
Tensor<sbyte> codes = Tensor.CreateFromShape<sbyte>([2, 3]);
quantizer.Quantize<sbyte>(weights, codes);
Console.WriteLine(string.Join(' ', codes)); // 50 -127 1 100 -64 127

// A model: calibrate on a folder of samples, write int8, see what it cost.
PtqResult result = PostTrainingQuantizer.Quantize(
    args[0], new SampleFolder(args[1]), args[2], new PtqOptions { ActivationCalibrator = new EntropyCalibrator() });
Console.WriteLine($"{result.OutputBytes} of {result.ModelBytes} bytes");
