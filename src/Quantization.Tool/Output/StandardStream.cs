using System.Text;

namespace Quantization.Tool;

/// <summary>
/// A standard stream that may be closed or full. That must not end a run whose files are written: the error stream then stays silent, and
/// of the output stream the user is told by name.
/// </summary>
internal sealed class StandardStream(TextWriter stream, bool isSilent) : TextWriter
{
    /// <inheritdoc />
    public override Encoding Encoding => stream.Encoding;

    /// <inheritdoc />
    public override void Write(char value) => Guard(() => stream.Write(value));

    /// <inheritdoc />
    public override void Write(char[] buffer, int index, int count) => Guard(() => stream.Write(buffer, index, count));

    /// <inheritdoc />
    public override void Write(string? value) => Guard(() => stream.Write(value));

    /// <inheritdoc />
    public override void WriteLine(string? value) => Guard(() => stream.WriteLine(value));

    /// <inheritdoc />
    public override void Flush() => Guard(stream.Flush);

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            if (!isSilent)
            {
                throw new IOException($"standard output: cannot write here ({e.Message.TrimEnd('.')}); redirect it elsewhere. Files that "
                    + "were written before stay.", e);
            }
        }
    }
}
