using System.IO.Compression;

namespace Quantization.Onnx;

/// <summary>Reads the inputs of one sample from its file; every error becomes one message that begins with the file's path.</summary>
internal static class SampleFile
{
    /// <summary>Reads an <c>.npy</c> file: one unnamed input.</summary>
    public static SampleTensor[] ReadNpy(string path) => Read(path, stream => [NpyReader.Read(stream, name: null)]);

    /// <summary>Reads an <c>.npz</c> file: a zip archive of arrays, each named after its input.</summary>
    public static SampleTensor[] ReadNpz(string path) => Read(path, ReadArchive);

    /// <summary>Reads <c>input_0.pb</c>, <c>input_1.pb</c> … of a folder: one serialized TensorProto an input.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or a number is left out.</exception>
    public static SampleTensor[] ReadOnnx(string folder)
    {
        List<SampleTensor> inputs = [];
        int count = OnnxInputs(folder).Count();
        for (int i = 0; i < count; i++)
        {
            string path = Path.Combine(folder, FormattableString.Invariant($"input_{i}.pb"));
            if (!File.Exists(path))
            {
                throw new InvalidDataException($"{path}: the file is missing, though the folder has {count} inputs; number them from 0 without gaps.");
            }

            inputs.AddRange(Read(path, stream => [TensorProtoReader.Read(stream)]));
        }

        return [.. inputs];
    }

    /// <summary>The files of ONNX's own test layout in a folder.</summary>
    public static IEnumerable<string> OnnxInputs(string folder) => Directory.EnumerateFiles(folder, "input_*.pb");

    private static SampleTensor[] ReadArchive(Stream stream)
    {
        using ZipArchive archive = new(stream, ZipArchiveMode.Read);
        List<SampleTensor> inputs = [];
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entry.Name.EndsWith(".npy", StringComparison.Ordinal))
            {
                throw new InvalidDataException($"its entry '{entry.FullName}' is no .npy array; write it with numpy.savez");
            }

            // A name may hold slashes, as the names of inputs do.
            string name = entry.FullName[..^".npy".Length];
            if (inputs.Exists(input => input.Name == name))
            {
                throw new InvalidDataException($"it has two arrays called '{name}'");
            }

            using Stream data = entry.Open();
            try
            {
                inputs.Add(NpyReader.Read(data, name));
            }
            catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
            {
                throw new InvalidDataException($"in its array '{name}', {Clause(exception)}", exception);
            }
        }

        return inputs.Count > 0 ? [.. inputs] : throw new InvalidDataException("it holds no array");
    }

    private static SampleTensor[] Read(string path, Func<Stream, SampleTensor[]> read)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            return read(stream);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new InvalidDataException($"{path}: {Clause(exception)}.", exception);
        }
    }

    private static string Clause(Exception exception) => exception is EndOfStreamException ? "it ends too early; write it again" : exception.Message.TrimEnd('.');
}
