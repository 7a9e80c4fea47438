using System.Globalization;
using System.IO.Compression;

namespace Quantization.Onnx;

/// <summary>Reads NumPy arrays from a zip archive. Messages are clauses about 'it', for the caller to put the file's name before.</summary>
internal static class NpzReader
{
    /// <summary>The most arrays of an archive. No model has so many inputs.</summary>
    public const int MostArrays = 1024;

    /// <summary>The most bytes of the list of entries, which is read before anything is known about them: 1 KiB an array.</summary>
    private const int LongestDirectory = MostArrays << 10;

    /// <summary>
    /// What <see cref="ZipArchive"/> reads at most to find the list at the end of the file: a comment of 64 KiB, the records beside it, and
    /// a buffer more.
    /// </summary>
    private const int LongestEnd = 2 << 16;

    /// <summary>Deflate makes 258 bytes of two bits at best.</summary>
    private const int LargestGain = 1032;

    /// <summary>Reads the header of every array and checks what it claims.</summary>
    /// <param name="stream">The archive.</param>
    /// <param name="limit">The most bytes that the elements of all arrays may take.</param>
    /// <exception cref="InvalidDataException">
    /// The archive is damaged, holds something else than arrays, too many or too large ones, or two of one name.
    /// </exception>
    public static List<NpzArray> ReadHeaders(Stream stream, long limit)
    {
        using ZipArchive archive = Open(stream);
        List<NpzArray> arrays = [];
        HashSet<string> names = [];
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entry.Name.EndsWith(".npy", StringComparison.Ordinal))
            {
                throw new InvalidDataException(
                    $"its entry '{VisibleText.Short(entry.FullName)}' is no .npy array; write it with numpy.savez");
            }

            // A name may hold slashes, as the names of inputs do.
            string name = entry.FullName[..^".npy".Length];
            if (!names.Add(name))
            {
                throw new InvalidDataException($"it has two arrays called '{VisibleText.Short(name)}'");
            }

            NpzArray array = new(name, entry.FullName, ReadEntry(name, entry, limit, (_, header) => header));
            limit -= array.Header.DataLength;
            arrays.Add(array);
        }

        return arrays.Count > 0 ? arrays : throw new InvalidDataException("it holds no array");
    }

    /// <summary>Reads the elements of an array whose header was checked.</summary>
    /// <exception cref="InvalidDataException">The archive changed or is damaged.</exception>
    public static byte[] ReadData(Stream stream, NpzArray array)
    {
        using ZipArchive archive = Open(stream);
        ZipArchiveEntry? entry = archive.GetEntry(array.Entry);
        SampleFile.ThrowUnlessSame(entry is not null);
        return ReadEntry(array.Name, entry!, array.Header.DataLength, (data, header) =>
        {
            SampleFile.ThrowUnlessSame(array.Header.IsSameAs(header));
            return NpyReader.ReadData(data, header);
        });
    }

    private static T ReadEntry<T>(string name, ZipArchiveEntry entry, long limit, Func<Stream, NpyHeader, T> read)
    {
        try
        {
            using Stream data = entry.Open();
            NpyHeader header = NpyReader.ReadHeader(data, entry.Length, limit);
            if (entry.Length / LargestGain > entry.CompressedLength)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture, $"{entry.Length} bytes are claimed to be packed in {entry.CompressedLength}, which "
                        + $"cannot be; write it again"));
            }

            return read(data, header);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"in its array '{VisibleText.Short(name)}', {SampleFile.Clause(exception)}", exception);
        }
    }

    private static ZipArchive Open(Stream stream)
    {
        ReadBudget budget = new(stream, LongestDirectory + LongestEnd, $"its list of entries is too long for the {MostArrays} arrays that "
            + "a sample may have; write it with numpy.savez");
        ZipArchive archive = new(budget, ZipArchiveMode.Read, leaveOpen: true);
        try
        {
            if (archive.Entries.Count > MostArrays)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"it holds {archive.Entries.Count} arrays, and "
                    + $"a sample may have {MostArrays}"));
            }

            budget.Lift();
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
