using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Puts what work needs into a storage. A file that lies there already is named as it is; all else is copied and called after its content,
/// so that nothing is stored twice and a name never changes its meaning.
/// </summary>
/// <param name="storage">The storage.</param>
internal sealed class WorkStore(IWorkStorage storage)
{
    private const string Folder = "files/";

    /// <summary>How many samples are hashed or copied side by side, so that few are in memory.</summary>
    private const int SamplesAhead = 32;

    private readonly ConcurrentDictionary<string, StoredFile> _files = [];

    /// <summary>Stores a float model.</summary>
    /// <exception cref="ArgumentException">The model keeps weights in files outside of the storage.</exception>
    public StoredFile Store(ModelFile model)
    {
        string hash = model.Fingerprint.ToString();
        if (model.Content is null && storage.FindName(model.Path) is { } name)
        {
            return new StoredFile(name, hash);
        }

        return model.IsSplit
            ? throw new ArgumentException(
                $"{model.Path} keeps weights in files beside it, so workers can read it only in the storage; move the model with these "
                    + $"files into {storage.Name}.")
            : Store(hash, ".onnx", model.CopyTo);
    }

    /// <summary>Stores a model that was made in memory.</summary>
    /// <param name="modelPath">What messages call it.</param>
    /// <param name="model">The model.</param>
    /// <param name="owner">What alone uses the file, and may delete it; null for a file that others may use too.</param>
    /// <exception cref="ArgumentException">The model is too large to travel.</exception>
    public StoredFile Store(string modelPath, ModelProto model, string? owner = null) =>
        ModelStore.SizeOf(model) > ModelStore.LargestMessage
            ? throw new ArgumentException(
                $"{modelPath} is larger than 2 GB, and such models cannot be tried by workers; try the models in this process.")
            : Store(model.ToByteArray(), owner is null ? ".onnx" : $".{owner[..16]}.onnx");

    /// <summary>Stores bytes.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="extension">How the file's name ends.</param>
    public StoredFile Store(byte[] content, string extension) =>
        Store(Convert.ToHexStringLower(SHA256.HashData(content)), extension, stream => stream.Write(content));

    /// <summary>Stores samples, and reads each once.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    public List<StoredSample> Store(IEnumerable<ModelSample> samples, CancellationToken cancellationToken)
    {
        List<StoredSample> stored = [];
        foreach (ModelSample[] some in samples.Chunk(SamplesAhead))
        {
            StoredSample[] next = new StoredSample[some.Length];
            SideBySide.For(some.Length, i => next[i] = Store(some[i]), cancellationToken);
            stored.AddRange(next);
        }

        return stored;
    }

    /// <summary>Deletes a file that was made for one piece of work.</summary>
    public void Delete(StoredFile file)
    {
        _files.TryRemove(file.Name, out _);
        storage.Delete(file.Name);
    }

    /// <summary>The SHA-256 of a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Hash(string path)
    {
        using FileStream file = RegularFile.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private StoredSample Store(ModelSample sample)
    {
        (SampleFileKind kind, List<StoredFile> files) = sample.Origin is { } origin && StoreFiles(origin) is { } own ? (origin.Kind, own)
            : (SampleFileKind.Pack, [Store(SamplePack.Write(sample), ".sample")]);
        return new StoredSample(sample.Name, kind, files)
        {
            Label = sample.Label,
            LabelOrigin = sample.LabelOrigin,
            MaxBytes = sample.Origin?.MaxBytes ?? 0,
        };
    }

    /// <summary>The files of a sample; null where they are a folder outside of the storage.</summary>
    private List<StoredFile>? StoreFiles(SampleOrigin origin)
    {
        if (origin.Kind == SampleFileKind.Onnx)
        {
            string[] paths = [.. SampleFile.OnnxInputs(origin.Path).Order(StringComparer.Ordinal)];
            return Array.TrueForAll(paths, path => storage.FindName(path) is not null)
                ? [.. paths.Select(path => new StoredFile(storage.FindName(path)!, Hash(path)))]
                : null;
        }

        string hash = Hash(origin.Path);
        return storage.FindName(origin.Path) is { } name
            ? [new StoredFile(name, hash)]
            : [Store(hash, Path.GetExtension(origin.Path), Copy)];

        void Copy(Stream stream)
        {
            using FileStream file = RegularFile.OpenRead(origin.Path);
            file.CopyTo(stream);
        }
    }

    private StoredFile Store(string hash, string extension, Action<Stream> write) => _files.GetOrAdd($"{Folder}{hash}{extension}", name =>
    {
        if (!storage.Exists(name))
        {
            storage.Write(name, write);
        }

        return new StoredFile(name, hash);
    });
}
