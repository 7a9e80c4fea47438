using System.Globalization;

namespace Quantization;

/// <summary>Reads what is otherwise read from a stream from a span, in place.</summary>
internal static unsafe class SpanReader
{
    /// <summary>Reads all bytes.</summary>
    /// <param name="bytes">The bytes of one value.</param>
    /// <param name="read">Reads the value from a stream.</param>
    /// <param name="name">What errors call the value.</param>
    /// <exception cref="InvalidDataException"><paramref name="read"/> refuses the bytes, or leaves some unread.</exception>
    public static TValue Read<TValue>(ReadOnlySpan<byte> bytes, Func<Stream, TValue> read, string name)
    {
        fixed (byte* start = bytes)
        {
            // An empty span has no address, which a stream over memory refuses.
            using Stream stream = start is null ? Stream.Null : new UnmanagedMemoryStream(start, bytes.Length);
            TValue value = read(stream);
            long rest = bytes.Length - stream.Position;
            return rest == 0
                ? value
                : throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {name} end {rest} bytes before the span does; pass their {stream.Position} bytes alone."));
        }
    }
}
