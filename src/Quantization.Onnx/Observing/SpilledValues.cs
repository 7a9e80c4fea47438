namespace Quantization.Onnx;

/// <summary>
/// Values of activations in temporary files, one file for each value, with all samples one behind another: what one segment of a model
/// makes and a later one reads.
/// </summary>
/// <param name="modelPath">What messages call the model.</param>
internal sealed class SpilledValues(string modelPath) : IDisposable
{
    private readonly Dictionary<string, string> _files = [];
    private OwnedFolder? _folder;
    private int _made;

    /// <summary>Whether a value is here.</summary>
    public bool Contains(string value) => _files.ContainsKey(value);

    /// <summary>Deletes the values that are of no use any more.</summary>
    public void KeepOnly(Func<string, bool> isWanted)
    {
        foreach (string value in _files.Keys.Where(value => !isWanted(value)).ToArray())
        {
            File.Delete(_files[value]);
            _files.Remove(value);
        }
    }

    /// <summary>Makes files for values.</summary>
    /// <exception cref="IOException">The temporary folder cannot be written to.</exception>
    public SpilledWriter Create(IReadOnlyList<string> values)
    {
        foreach (string value in values)
        {
            _folder ??= OwnedFolder.CreateTemporary();
            _files[value] = _folder[$"value{_made++}"];
        }

        return new SpilledWriter(modelPath, values.ToDictionary(value => value, value => _files[value]));
    }

    /// <summary>Opens the files of values.</summary>
    public SpilledReader Open(IReadOnlyList<string> values) => new(modelPath, values.ToDictionary(value => value, value => _files[value]));

    public void Dispose() => _folder?.Dispose();
}
