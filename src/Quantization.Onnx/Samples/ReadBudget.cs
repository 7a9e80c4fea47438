namespace Quantization.Onnx;

/// <summary>A stream that lets its reader have so many bytes and no more, for readers that trust what a file claims.</summary>
/// <param name="inner">The stream, which stays open.</param>
/// <param name="budget">The bytes that may be read.</param>
/// <param name="refusal">The message where more are asked for.</param>
internal sealed class ReadBudget(Stream inner, long budget, string refusal) : Stream
{
    private long _left = budget;

    public override bool CanRead => true;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <summary>Lets everything be read from now on.</summary>
    public void Lift() => _left = long.MaxValue;

    /// <exception cref="InvalidDataException">The budget is used up.</exception>
    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _left -= read;
        return _left >= 0 ? read : throw new InvalidDataException(refusal);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
