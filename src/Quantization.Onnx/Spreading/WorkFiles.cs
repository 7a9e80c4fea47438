using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>The files of a storage as a worker reads them: each is checked before it is used, and again when it changed.</summary>
/// <param name="storage">The storage.</param>
internal sealed class WorkFiles(IWorkStorage storage)
{
    private readonly ConcurrentDictionary<string, (DateTime Time, long Length, string Sha256)> _checked = [];

    /// <summary>The path of a file that has the content that is wanted.</summary>
    /// <exception cref="IOException">The file is missing or has another content.</exception>
    public string GetPath(StoredFile file)
    {
        string path = storage.GetPath(file.Name);
        FileInfo info = new(path);
        (DateTime Time, long Length, string) state = (info.LastWriteTimeUtc, info.Length, file.Sha256);
        if (_checked.TryGetValue(path, out (DateTime, long, string) known) && known == state)
        {
            return path;
        }

        string hash = WorkStore.Hash(path);
        if (hash != file.Sha256)
        {
            throw Other(path, hash, file);
        }

        _checked[path] = state;
        return path;
    }

    /// <summary>A float model, with the files that it keeps weights in.</summary>
    /// <exception cref="IOException">The file is missing or has another content.</exception>
    public OnnxModel OpenModel(StoredFile file)
    {
        OnnxModel model = OnnxModel.FromFile(storage.GetPath(file.Name));
        string hash = model.File.Fingerprint.ToString();
        return hash == file.Sha256 ? model : throw Other(model.Name, hash, file);
    }

    /// <summary>Reads a sample.</summary>
    /// <exception cref="IOException">A file is missing or has another content.</exception>
    public ModelSample Read(StoredSample sample)
    {
        string[] paths = [.. sample.Files.Select(GetPath)];
        string path = sample.Kind == SampleFileKind.Onnx ? Path.GetDirectoryName(paths[0])! : paths[0];
        return new ModelSample(
            sample.Name, SampleFile.Read(sample.Kind, path, sample.MaxBytes)) { Label = sample.Label, LabelOrigin = sample.LabelOrigin };
    }

    private static IOException Other(string path, string found, StoredFile file) => new(
        $"{path}: this worker has another file under this name, with SHA-256 {found}, not {file.Sha256}; give all machines the same "
            + "storage, and leave files as they are until the run has ended.");
}
