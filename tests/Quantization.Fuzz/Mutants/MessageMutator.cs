using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Quantization.Fuzz.Mutants;

/// <summary>
/// Changes a message of Protocol Buffers at random: numbers become extreme, names become those of others or hostile, parts vanish, double,
/// change places or come from elsewhere.
/// </summary>
/// <param name="random">The chance.</param>
internal sealed class MessageMutator(Random random)
{
    private static readonly long[] Numbers =
    [0, 1, -1, 2, 3, 7, 8, 16, 127, 128, -128, 255, 256, 1 << 15, 1 << 16, int.MaxValue, int.MinValue, 1L << 31, 1L << 32, 1L << 40,
        1L << 61, long.MaxValue, long.MinValue];

    private static readonly string[] Texts =
        ["", " ", "..", "../x", "/etc/passwd", "a/../../b", "\0", "x\ny", "\u202ex", "con", "\ud83d\ude00", "SAME_UPPER", "ai.onnx",
            "com.microsoft", "location", "Conv", "MatMul", "If", "DequantizeLinear", "QuantizeLinear", new('n', 5000)];

    /// <summary>Changes a message in one place.</summary>
    public void Mutate(IMessage message)
    {
        List<(IMessage Message, FieldDescriptor Field)> places = [];
        List<string> texts = [];
        List<IMessage> parts = [];
        Collect(message, places, texts, parts, 0);
        if (places.Count == 0)
        {
            return;
        }

        (IMessage target, FieldDescriptor field) = places[random.Next(places.Count)];
        if (field.IsRepeated)
        {
            MutateList((System.Collections.IList)field.Accessor.GetValue(target), field, texts, parts);
        }
        else if (random.Next(6) == 0)
        {
            field.Accessor.Clear(target);
        }
        else
        {
            object? value = Change(field.Accessor.GetValue(target), field, texts, parts);
            if (value is not null)
            {
                field.Accessor.SetValue(target, value);
            }
        }
    }

    private static void Collect(
        IMessage message, List<(IMessage, FieldDescriptor)> places, List<string> texts, List<IMessage> parts, int depth)
    {
        parts.Add(message);
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            object? value = field.Accessor.GetValue(message);
            bool isThere = field.IsRepeated
                ? ((System.Collections.IList)value).Count > 0
                : !field.HasPresence || field.Accessor.HasValue(message);
            if (!isThere)
            {
                continue;
            }

            places.Add((message, field));
            foreach (object? each in field.IsRepeated ? ((System.Collections.IList)value).Cast<object>() : [value])
            {
                if (each is IMessage inner && depth < 30)
                {
                    Collect(inner, places, texts, parts, depth + 1);
                }
                else if (each is string text)
                {
                    texts.Add(text);
                }
            }
        }
    }

    private void MutateList(System.Collections.IList list, FieldDescriptor field, List<string> texts, List<IMessage> parts)
    {
        int at = random.Next(list.Count), other = random.Next(list.Count);
        switch (random.Next(6))
        {
            case 0:
                list.RemoveAt(at);
                break;
            case 1:
                object copy = list[at] is IMessage message ? Clone(message) : list[at]!;
                list.Insert(other, copy);
                break;
            case 2:
                (list[at], list[other]) = (list[other], list[at]);
                break;
            case 3:
                list.Clear();
                break;
            default:
                if (Change(list[at]!, field, texts, parts) is { } value)
                {
                    list[at] = value;
                }

                break;
        }
    }

    private object? Change(object value, FieldDescriptor field, List<string> texts, List<IMessage> parts) => value switch
    {
        long number => random.Next(3) == 0 ? number + random.Next(-2, 3) : Numbers[random.Next(Numbers.Length)],
        ulong => (ulong)Numbers[random.Next(Numbers.Length)],
        int number => random.Next(3) == 0 ? number + random.Next(-2, 3) : (int)Numbers[random.Next(Numbers.Length)],
        float => ((float[])[0, -0f, 1e-40f, 1e38f, float.NaN, float.PositiveInfinity, -1])[random.Next(7)],
        double => ((double[])[0, 1e300, double.NaN, double.NegativeInfinity])[random.Next(4)],
        string => random.Next(3) > 0 ? texts[random.Next(texts.Count)] : Texts[random.Next(Texts.Length)],
        ByteString bytes => Change(bytes),
        Enum => Enum.ToObject(value.GetType(), random.Next(-1, 30)),
        IMessage => parts.Where(part => part.Descriptor == field.MessageType).ToArray() is { Length: > 0 } same
            ? Clone(same[random.Next(same.Length)])
            : null,
        _ => null,
    };

    private ByteString Change(ByteString bytes)
    {
        byte[] changed = bytes.ToByteArray();
        switch (random.Next(5))
        {
            case 0:
                return ByteString.CopyFrom(changed, 0, random.Next(changed.Length + 1));
            case 1:
                return ByteString.CopyFrom([.. changed, .. new byte[random.Next(20)]]);
            case 2:
                float[] odd = [float.NaN, float.PositiveInfinity, 0, 1e38f, -1e-42f];
                Span<float> floats = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(changed.AsSpan());
                if (floats.Length > 0)
                {
                    floats[random.Next(floats.Length)] = odd[random.Next(odd.Length)];
                }

                return ByteString.CopyFrom(changed);
            case 3:
                return ByteString.CopyFrom(new byte[changed.Length]);
            default:
                if (changed.Length > 0)
                {
                    changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                }

                return ByteString.CopyFrom(changed);
        }
    }

    private static IMessage Clone(IMessage message) => message.Descriptor.Parser.ParseFrom(message.ToByteArray());
}
