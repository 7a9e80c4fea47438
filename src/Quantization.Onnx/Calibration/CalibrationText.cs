using System.Text;

namespace Quantization.Onnx;

/// <summary>Texts in files of calibrations: the number of bytes (int32), and UTF-8.</summary>
internal static class CalibrationText
{
    /// <summary>Writes a text.</summary>
    public static void Write(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write(utf8.Length);
        writer.Write(utf8);
    }

    /// <summary>Reads a text. A length is believed only as far as there are bytes.</summary>
    /// <exception cref="InvalidDataException">There are fewer.</exception>
    public static string Read(BinaryReader reader)
    {
        int length = reader.ReadInt32();
        Stream content = reader.BaseStream;
        return length >= 0 && length <= content.Length - content.Position
            ? Encoding.UTF8.GetString(reader.ReadBytes(length))
            : throw new InvalidDataException("A name is longer than the file.");
    }
}
