using System.Globalization;
using Google.Protobuf;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Benchmarks.Calibration;

/// <summary>Samples as files, in ONNX's own layout for test data.</summary>
internal static class StoredSamples
{
    /// <summary>Writes each sample into a subfolder of its own, whose name is its number.</summary>
    public static void Write(IEnumerable<ModelSample> samples, string folder)
    {
        foreach ((int number, ModelSample sample) in samples.Index())
        {
            DirectoryInfo own = Directory.CreateDirectory(Path.Combine(folder, number.ToString("D6", CultureInfo.InvariantCulture)));
            for (int i = 0; i < sample.Inputs.Length; i++)
            {
                SampleTensor input = sample.Inputs[i];
                TensorProto tensor = new() { DataType = (int)input.ElementType, RawData = ByteString.CopyFrom(input.Data) };
                tensor.Dims.Add(input.Shape.ToArray());
                using FileStream file = File.Create(
                    Path.Combine(own.FullName, string.Create(CultureInfo.InvariantCulture, $"input_{i}.pb")));
                tensor.WriteTo(file);
            }
        }
    }
}
