using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Reads a model's message and leaves the bytes of its large tensors in the file. A message is the sum of its fields, so it can be read
/// in parts: what lies between two large tensors is read as it is, and the
/// messages around a tensor field by field.
/// </summary>
internal sealed class LazyModelReader
{
    /// <summary>
    /// How deep messages are taken apart: a tensor of a node in a graph in a graph. Deeper ones are read whole; this is no limit of
    /// what can be read.
    /// </summary>
    private const int Deepest = 8;

    private readonly TensorFile _file;
    private readonly ProtoScanner _scanner;

    private LazyModelReader(TensorFile file)
    {
        _file = file;
        _scanner = new ProtoScanner(file);
    }

    /// <summary>Reads the model that fills a file.</summary>
    /// <exception cref="InvalidProtocolBufferException">The message is damaged or nested too deeply.</exception>
    /// <exception cref="OnnxModelException">The file changed meanwhile.</exception>
    public static ModelProto Read(TensorFile file)
    {
        ModelProto model = new();
        new LazyModelReader(file).Merge(model, 0, file.Length, isNew: true, depth: 0);
        return model;
    }

    /// <param name="message">What the fields are added to.</param>
    /// <param name="start">The first byte of its fields.</param>
    /// <param name="end">The first byte behind them.</param>
    /// <param name="isNew">Whether the message has no field yet.</param>
    /// <param name="depth">How many messages are around it.</param>
    private void Merge(IMessage message, long start, long end, bool isNew, int depth)
    {
        int? floats = isNew && message is TensorProto && HasPackedFloatsAlone(start, end) ? TensorProto.FloatDataFieldNumber : null;
        long merged = start;
        for (long position = start; position < end && _scanner.TryFind(position, end, out ProtoField field); position = field.End)
        {
            if (!field.IsDelimited || field.End - field.Content < TensorBytes.Smallest)
            {
                continue;
            }

            if (message is TensorProto tensor && (field.Number == TensorProto.RawDataFieldNumber || field.Number == floats))
            {
                MergeBytes(message, merged, field.Start);
                tensor.RawData = TensorBytes.Of(_file, field.Content, (int)(field.End - field.Content));
                merged = field.End;
            }
            else if (depth < Deepest && message.Descriptor.FindFieldByNumber(field.Number) is { FieldType: FieldType.Message } inner)
            {
                MergeBytes(message, merged, field.Start);
                Merge(GetChild(message, inner), field.Content, field.End, inner.IsRepeated, depth + 1);
                merged = field.End;
            }
        }

        MergeBytes(message, merged, end);
    }

    /// <summary>
    /// The message that a field adds to the one around it: the next of a list, or the only one, which several fields may make up.
    /// </summary>
    private static IMessage GetChild(IMessage message, FieldDescriptor field)
    {
        if (!field.IsRepeated && field.Accessor.GetValue(message) is IMessage present)
        {
            return present;
        }

        IMessage child = field.MessageType.Parser.ParseFrom(ByteString.Empty);
        if (field.IsRepeated)
        {
            ((IList)field.Accessor.GetValue(message)).Add(child);
        }
        else
        {
            field.Accessor.SetValue(message, child);
        }

        return child;
    }

    private void MergeBytes(IMessage message, long start, long end)
    {
        if (start < end)
        {
            using FileContent content = FileContent.Read(_file, start, (int)(end - start));
            message.MergeFrom(content.Bytes);
        }
    }

    /// <summary>Whether a tensor's values are one block of floats, which lie there as <c>raw_data</c> would.</summary>
    private bool HasPackedFloatsAlone(long start, long end)
    {
        int blocks = 0;
        bool isFloat = false;
        long position = start;
        while (position < end && _scanner.TryFind(position, end, out ProtoField field))
        {
            switch (field.Number)
            {
                case TensorProto.FloatDataFieldNumber when field.IsDelimited && (field.End - field.Content) % sizeof(float) == 0:
                    blocks++;
                    break;
                case TensorProto.DataTypeFieldNumber:
                    isFloat = field.Value == (ulong)TensorProto.Types.DataType.Float;
                    break;
                case TensorProto.FloatDataFieldNumber or TensorProto.RawDataFieldNumber or TensorProto.DataLocationFieldNumber:
                    return false;
            }

            position = field.End;
        }

        return position == end && isFloat && blocks == 1;
    }
}
