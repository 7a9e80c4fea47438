using System.Diagnostics.CodeAnalysis;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A model to work on: from a file, a stream or memory. It is read when it is first needed, and once: pass the same instance to each call.
/// A path converts to it by itself, and is then read by that call. Nothing changes it, so any number of threads may use it.
/// </summary>
public sealed class OnnxModel
{
    private const string DefaultName = "model";

    private readonly Lazy<ModelFile> _file;

    private OnnxModel(string name, string? path, Func<ModelFile> read)
    {
        Name = name;
        Path = path;
        _file = new Lazy<ModelFile>(read);
    }

    /// <summary>What messages and results call the model: its path, or the name that it was given.</summary>
    public string Name { get; }

    /// <summary>The file; null for a model from elsewhere.</summary>
    internal string? Path { get; }

    /// <summary>Whether the content was read.</summary>
    internal bool IsRead => _file.IsValueCreated;

    /// <summary>The content.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">It is not a model, or a damaged one.</exception>
    internal ModelFile File => _file.Value;

    /// <summary>
    /// The model of a file. Weights that it keeps in files beside it are found there. The files must not be changed while the model is in
    /// use.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    public static OnnxModel FromFile(string path) => FromFile(path, ModelStore.LargestInMemory);

    /// <summary>The model of bytes in memory, which must not be changed while the model is in use.</summary>
    /// <param name="bytes">What a model's file holds.</param>
    /// <param name="name">What messages and results call it.</param>
    public static OnnxModel FromBytes(ReadOnlyMemory<byte> bytes, string name = DefaultName)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new OnnxModel(name, null, () => ModelFile.Parse(name, bytes));
    }

    /// <summary>The model of a stream, which is read to its end at once.</summary>
    /// <param name="stream">What a model's file holds, of at most 2 GB.</param>
    /// <param name="name">What messages and results call it.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static OnnxModel FromStream(Stream stream, string name = DefaultName)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream content = new();
        stream.CopyTo(content);
        return FromBytes(content.ToArray(), name);
    }

    /// <summary>The model of a stream, which is read to its end.</summary>
    /// <param name="stream">What a model's file holds, of at most 2 GB.</param>
    /// <param name="name">What messages and results call it.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<OnnxModel> FromStreamAsync(
        Stream stream, string name = DefaultName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream content = new();
        await stream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
        return FromBytes(content.ToArray(), name);
    }

    /// <summary>The model of a file.</summary>
    [SuppressMessage("Usage", "CA2225:Operator overloads have named alternates", Justification = "FromFile is the named alternate.")]
    public static implicit operator OnnxModel(string path) => FromFile(path);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>The model of a file whose tensors stay there from a size on.</summary>
    internal static OnnxModel FromFile(string path, long largestInMemory)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new OnnxModel(path, path, () => ModelFile.Load(path, largestInMemory));
    }

    /// <summary>A model that was made in memory, without a fingerprint.</summary>
    internal static OnnxModel FromMade(string name, ModelProto model) =>
        new(name, null, () => new ModelFile(name, 0, 0, default, model));

    /// <summary>The same without fingerprint, to look at a model only: weights that stay in the file are not read.</summary>
    internal static OnnxModel FromFileWithoutHash(string path, long largestInMemory) =>
        new(path, path, () => ModelFile.LoadWithoutHash(path, largestInMemory));
}
