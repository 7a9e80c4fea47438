using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The inputs of one sample in a file, little-endian: their number (int32), and for each whether it has a name (byte), the name (text), the
/// element type (int32), the number of axes (int32), the axes (int64), the bytes of its elements (int32) and these.
/// </summary>
internal static class SamplePack
{
    /// <summary>More inputs or axes than any model has.</summary>
    private const int MaxParts = 1 << 16;

    /// <summary>Writes a sample's inputs.</summary>
    public static byte[] Write(ModelSample sample)
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content);
        writer.Write(sample.Inputs.Length);
        foreach (SampleTensor input in sample.Inputs)
        {
            writer.Write(input.Name is not null);
            CalibrationText.Write(writer, input.Name ?? "");
            writer.Write((int)input.ElementType);
            writer.Write(input.Shape.Length);
            foreach (long length in input.Shape)
            {
                writer.Write(length);
            }

            writer.Write(input.Data.Length);
            writer.Write(input.Data);
        }

        return content.ToArray();
    }

    /// <summary>Reads a sample's inputs.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static SampleTensor[] Read(string path)
    {
        using BinaryReader reader = new(new MemoryStream(File.ReadAllBytes(path)));
        try
        {
            SampleTensor[] inputs = new SampleTensor[ReadCount(reader)];
            for (int i = 0; i < inputs.Length; i++)
            {
                bool hasName = reader.ReadBoolean();
                string name = CalibrationText.Read(reader);
                TensorElementType type = (TensorElementType)reader.ReadInt32();
                long[] shape = new long[ReadCount(reader)];
                for (int axis = 0; axis < shape.Length; axis++)
                {
                    shape[axis] = reader.ReadInt64();
                }

                int length = reader.ReadInt32();
                byte[] data = length < 0 ? [] : reader.ReadBytes(length);
                inputs[i] = data.Length == length
                    ? new SampleTensor(hasName ? name : null, type, shape, data)
                    : throw new EndOfStreamException();
            }

            return inputs;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw new InvalidDataException($"{path}: the stored sample is damaged; delete it and start again.", e);
        }
    }

    private static int ReadCount(BinaryReader reader) =>
        reader.ReadInt32() is >= 0 and <= MaxParts and int count
            ? count
            : throw new InvalidDataException("A list has an impossible length.");
}
