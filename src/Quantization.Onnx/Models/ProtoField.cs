namespace Quantization.Onnx;

/// <summary>Where a field of a serialized protobuf message lies.</summary>
/// <param name="Number">The field's number.</param>
/// <param name="IsDelimited">Whether a length stands before its content: text, bytes, messages and packed numbers.</param>
/// <param name="Start">The first byte of its tag.</param>
/// <param name="Content">The first byte behind tag and length.</param>
/// <param name="End">The first byte behind the field.</param>
/// <param name="Value">The value of a varint; otherwise 0.</param>
internal readonly record struct ProtoField(int Number, bool IsDelimited, long Start, long Content, long End, ulong Value);
