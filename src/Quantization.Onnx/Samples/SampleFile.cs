namespace Quantization.Onnx;

/// <summary>
/// Reads the inputs of one sample from its file: headers at once, values when they are asked for. Every error becomes one message that
/// begins with the file's path.
/// </summary>
internal static class SampleFile
{
    /// <summary>Reads a sample of any kind.</summary>
    /// <inheritdoc cref="ReadNpy"/>
    /// <param name="kind">How the sample is stored.</param>
    /// <param name="path">The file, or the folder of ONNX's tensors.</param>
    /// <param name="limit">The most bytes that the values may take.</param>
    public static SampleTensor[] Read(SampleFileKind kind, string path, long limit) => kind switch
    {
        SampleFileKind.Npy => ReadNpy(path, limit),
        SampleFileKind.Npz => ReadNpz(path, limit),
        SampleFileKind.Onnx => ReadOnnx(path, limit),
        _ => SamplePack.Read(path),
    };

    /// <summary>Reads an <c>.npy</c> file: one unnamed input.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that the values may take.</param>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, its length is not what its shape needs, or it exceeds the limit.
    /// </exception>
    /// <exception cref="IOException">The file is gone, cannot be read or is no regular file.</exception>
    public static SampleTensor[] ReadNpy(string path, long limit = SampleFolder.DefaultMaxSampleBytes)
    {
        NpyHeader header = Open(path, stream => NpyReader.ReadHeader(stream, stream.Length, limit));
        return
        [
            new SampleTensor(null, header.ElementType, header.Shape, () => Open(path, stream =>
            {
                ThrowUnlessSame(header.IsSameAs(NpyReader.ReadHeader(stream, stream.Length, limit)));
                return NpyReader.ReadData(stream, header);
            })),
        ];
    }

    /// <summary>Reads an <c>.npz</c> file: a zip archive of arrays, each named after its input.</summary>
    /// <inheritdoc cref="ReadNpy"/>
    public static SampleTensor[] ReadNpz(string path, long limit = SampleFolder.DefaultMaxSampleBytes) =>
        [.. Open(path, stream => NpzReader.ReadHeaders(stream, limit)).Select(array => new SampleTensor(
            array.Name, array.Header.ElementType, array.Header.Shape, () => Open(path, stream => NpzReader.ReadData(stream, array))))];

    /// <summary>Reads <c>input_0.pb</c>, <c>input_1.pb</c> … of a folder: one serialized TensorProto an input.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="limit">The most bytes that the values of all inputs may take.</param>
    /// <exception cref="InvalidDataException">A file is damaged, a number is left out, or the values exceed the limit.</exception>
    /// <exception cref="IOException">A file is gone, cannot be read or is no regular file.</exception>
    public static SampleTensor[] ReadOnnx(string folder, long limit = SampleFolder.DefaultMaxSampleBytes)
    {
        List<SampleTensor> inputs = [];
        int count = CountOnnxInputs(folder);
        for (int i = 0; i < count; i++)
        {
            string path = Path.Combine(folder, FormattableString.Invariant($"input_{i}.pb"));
            if (!File.Exists(path))
            {
                throw new InvalidDataException(
                    $"{path}: the file is missing, though the folder has {count} inputs; number them from 0 without gaps.");
            }

            long rest = limit;
            TensorProtoHeader header = Open(path, stream => TensorProtoHeader.Read(stream, rest));
            limit -= header.DataLength;
            inputs.Add(new SampleTensor(header.Name, header.ElementType, header.Shape, () => Open(path, stream =>
            {
                ThrowUnlessSame(header.IsSameAs(TensorProtoHeader.Read(stream, rest)));
                stream.Position = 0;
                return TensorProtoReader.ReadData(stream, header);
            })));
        }

        return [.. inputs];
    }

    /// <summary>The files of ONNX's own test layout in a folder.</summary>
    public static IEnumerable<string> OnnxInputs(string folder) => Directory.EnumerateFiles(folder, "input_*.pb");

    /// <summary>Refuses a header that is no longer the one that was checked.</summary>
    public static void ThrowUnlessSame(bool isSame)
    {
        if (!isSame)
        {
            throw new InvalidDataException("it changed during the run; leave the samples as they are until it has ended");
        }
    }

    /// <summary>What an exception says about 'it', for a message that begins with the path.</summary>
    public static string Clause(Exception exception) =>
        exception is EndOfStreamException ? "it ends too early; write it again" : exception.Message.TrimEnd('.');

    private static int CountOnnxInputs(string folder)
    {
        try
        {
            int count = OnnxInputs(folder).Count();
            return count > 0 ? count : throw Deleted(folder, null);
        }
        catch (DirectoryNotFoundException e)
        {
            throw Deleted(folder, e);
        }
    }

    private static T Open<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            using FileStream stream = RegularFile.OpenRead(path, bufferSize: 1 << 16);
            return read(stream);
        }
        catch (FileNotFoundException e)
        {
            throw Deleted(path, e);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new InvalidDataException($"{path}: {Clause(e)}.", e);
        }
        catch (IOException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new IOException($"{path}: {Clause(e)}.", e);
        }
    }

    private static FileNotFoundException Deleted(string path, Exception? cause) =>
        new($"{path}: the sample was deleted during the run; put it back, or start again without it.", path, cause);
}
