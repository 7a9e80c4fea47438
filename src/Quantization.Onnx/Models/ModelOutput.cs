using System.Diagnostics.CodeAnalysis;

namespace Quantization.Onnx;

/// <summary>Where a model is written: a file, or a stream. A path converts to it by itself.</summary>
public sealed class ModelOutput
{
    private readonly Stream? _stream;

    private ModelOutput(string name, Stream? stream)
    {
        Name = name;
        _stream = stream;
    }

    /// <summary>What messages and results call it: its path, or the name that it was given.</summary>
    public string Name { get; }

    /// <summary>The file; null for a stream.</summary>
    internal string? Path => _stream is null ? Name : null;

    /// <summary>A file. It appears whole or not at all; an existing one is replaced only when everything succeeded.</summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    public static ModelOutput ToFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ModelOutput(path, null);
    }

    /// <summary>
    /// A stream. Nothing is written to it before everything else succeeded; it stays open. A model above 2 GB needs a file.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="name">What messages and results call it.</param>
    public static ModelOutput ToStream(Stream stream, string name = "output")
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ModelOutput(name, stream);
    }

    /// <summary>A file.</summary>
    [SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "ToFile is the named alternate.")]
    public static implicit operator ModelOutput(string path) => ToFile(path);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Opens the output, and so finds out early whether it can be written.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    internal OpenOutput Open() => _stream is null ? new FileOutput(Name) : new StreamOutput(Name, _stream);

    /// <summary>Writes to the stream.</summary>
    internal async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await _stream!.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
