namespace Quantization.Onnx;

/// <summary>
/// Files that a client and all workers can read, by name, with '/' between the parts of a name. Safe to use from several threads and
/// processes.
/// </summary>
public interface IWorkStorage
{
    /// <summary>What messages call the storage, such as its folder.</summary>
    string Name { get; }

    /// <summary>The name of a local file that lies in the storage, so that it need not be copied there.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null where it does not lie there.</returns>
    string? FindName(string path);

    /// <summary>Whether there is a file of a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="IOException">The storage cannot be read.</exception>
    bool Exists(string name);

    /// <summary>A local file with the content of a name. The caller reads it and leaves it as it is.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="IOException">The storage cannot be read, or has no such file.</exception>
    string GetPath(string name);

    /// <summary>Writes a file. It appears whole or not at all, and takes the place of one with the same name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The storage cannot be written to.</exception>
    void Write(string name, Action<Stream> write);

    /// <summary>Deletes a file, if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="IOException">The storage cannot be written to.</exception>
    void Delete(string name);
}
