using System.Numerics.Tensors;

namespace Quantization.Examples;

internal static class TensorExample
{
    public static void Run()
    {
        Tensor<float> weights = Tensor.Create([0.5f, -1.27f, 0.01f, 20f, -12.8f, 25.4f], [2, 3]);
        SymmetricQuantizer quantizer = SymmetricQuantizer.FromTensor(weights, CodeFormat.Int8, Granularity.PerChannel(0));
        Tensor<sbyte> codes = Tensor.CreateFromShape<sbyte>([2, 3]);
        quantizer.Quantize<sbyte>(weights, codes); // 50 -127 1 and 100 -64 127

        Console.WriteLine(string.Join(' ', codes));
    }
}
