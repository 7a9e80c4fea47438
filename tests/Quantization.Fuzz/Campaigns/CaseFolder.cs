using Quantization.Onnx;

namespace Quantization.Fuzz.Campaigns;

/// <summary>An empty folder for one case, which notices what is left in it.</summary>
/// <param name="path">The folder.</param>
/// <param name="probe">What runs models first in a process of their own; null where a crash ends this process.</param>
internal sealed class CaseFolder(string path, ModelProbe? probe) : IDisposable
{
    private readonly Dictionary<string, byte[]> _inputs = [];

    /// <summary>What runs models first in a process of their own.</summary>
    public ModelProbe? Probe => probe;

    /// <summary>The path of a file in the folder.</summary>
    public string this[string name] => Path.Combine(path, name);

    /// <summary>Writes a file that nothing may change.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        _inputs[name] = bytes.ToArray();
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    /// <summary>Checks that inputs are what they were and that nothing but the outputs was added; then removes the outputs.</summary>
    /// <param name="outputs">The names of files that may be there.</param>
    /// <exception cref="FindingException">They are not.</exception>
    public void CheckAndRemove(params string[] outputs)
    {
        foreach ((string name, byte[] bytes) in _inputs)
        {
            if (!File.Exists(this[name]) || !File.ReadAllBytes(this[name]).AsSpan().SequenceEqual(bytes))
            {
                throw new FindingException($"the input '{name}' was changed");
            }
        }

        foreach (string file in Directory.GetFileSystemEntries(path, "*", SearchOption.AllDirectories).Where(File.Exists))
        {
            string name = Path.GetRelativePath(path, file);
            if (outputs.Contains(name))
            {
                File.Delete(file);
            }
            else if (!_inputs.ContainsKey(name))
            {
                throw new FindingException($"the file '{name}' was left behind");
            }
        }
    }

    public void Dispose() => Directory.Delete(path, recursive: true);
}
