using System.Globalization;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Hands a sample over to a child process, in ONNX's own test layout.</summary>
internal static class ProbeSample
{
    /// <summary>Writes <c>input_0.pb</c>, <c>input_1.pb</c> … into a folder.</summary>
    public static void Write(ModelSample sample, string folder)
    {
        for (int i = 0; i < sample.Inputs.Length; i++)
        {
            SampleTensor input = sample.Inputs[i];
            byte[] data = input.Data.ToArray();
            if (!BitConverter.IsLittleEndian)
            {
                NpyReader.ReverseEndianness(data, SampleElementType.SizeOf(input.ElementType));
            }

            TensorProto tensor =
                new() { Name = input.Name ?? "", DataType = (int)input.ElementType, RawData = UnsafeByteOperations.UnsafeWrap(data) };
            tensor.Dims.Add(input.Shape.ToArray());
            using FileStream file = File.Create(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"input_{i}.pb")));
            tensor.WriteTo(file);
        }
    }
}
