namespace Quantization.Onnx;

/// <summary>
/// The padding in the file of a calibration: the mask (text), masked and all positions (int64), whether a merged calibration left nothing
/// out (int32, 0 or 1), other masks, activations with the axes that follow the mask, activations whose axes are not known. Lists begin with
/// their length (int32). Axes are the batch axis (int32, −1 for none) and the sequence axes.
/// </summary>
internal static class PaddingFields
{
    /// <summary>Lists are not longer: no model has so many activations.</summary>
    private const int MaxItems = 1 << 20;

    private const int NoAxis = -1;

    /// <summary>Writes the padding.</summary>
    public static void Write(BinaryWriter writer, ObservedPadding padding)
    {
        CalibrationText.Write(writer, padding.Mask);
        writer.Write(padding.MaskedPositions);
        writer.Write(padding.Positions);
        writer.Write(padding.IsPartial ? 1 : 0);
        WriteTexts(writer, padding.OtherMasks);
        writer.Write(padding.Axes.Count);
        foreach ((string name, MaskedAxes axes) in padding.Axes.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            CalibrationText.Write(writer, name);
            writer.Write(axes.Batch ?? NoAxis);
            writer.Write(axes.Sequence.Count);
            foreach (int axis in axes.Sequence)
            {
                writer.Write(axis);
            }
        }

        WriteTexts(writer, padding.Undecided);
    }

    /// <summary>Reads the padding.</summary>
    /// <exception cref="InvalidDataException">Something in it cannot be.</exception>
    public static ObservedPadding Read(BinaryReader reader)
    {
        string mask = CalibrationText.Read(reader);
        long masked = reader.ReadInt64(), positions = reader.ReadInt64();
        int partial = reader.ReadInt32();
        string[] others = ReadTexts(reader);
        Dictionary<string, MaskedAxes> axes = [];
        for (int i = ReadCount(reader); i > 0; i--)
        {
            string name = CalibrationText.Read(reader);
            int batch = reader.ReadInt32();
            int[] sequence = new int[ReadCount(reader)];
            for (int k = 0; k < sequence.Length; k++)
            {
                sequence[k] = reader.ReadInt32();
            }

            axes.Add(name, new MaskedAxes(batch == NoAxis ? null : batch, sequence));
        }

        return masked < 0 || positions < masked || partial is not (0 or 1)
            ? throw new InvalidDataException("The padding is damaged.")
            : new ObservedPadding(
                mask, masked, positions) { IsPartial = partial == 1, OtherMasks = others, Axes = axes, Undecided = ReadTexts(reader) };
    }

    private static void WriteTexts(BinaryWriter writer, IReadOnlyList<string> texts)
    {
        writer.Write(texts.Count);
        foreach (string text in texts)
        {
            CalibrationText.Write(writer, text);
        }
    }

    private static string[] ReadTexts(BinaryReader reader)
    {
        string[] texts = new string[ReadCount(reader)];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = CalibrationText.Read(reader);
        }

        return texts;
    }

    private static int ReadCount(BinaryReader reader) => reader.ReadInt32() is >= 0 and <= MaxItems and var count
        ? count
        : throw new InvalidDataException("A list has an impossible length.");
}
