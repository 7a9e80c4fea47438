using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Quantization.Extensions.AI.Storage;

/// <summary>
/// The file of a collection, little-endian: a prologue, a head of JSON, and arrays of rows, each at a multiple of 64 bytes. Hashes cover
/// every byte, so that a damaged file is never taken for a whole one.
/// </summary>
/// <remarks>
/// The prologue: the name of the format (8 bytes), the version and 0 (4 each), the lengths of the head, of prologue, head and padding
/// together, and of the file (8 each), the SHA-256 of the head, of all that follows the head, and of the prologue so far.
/// </remarks>
internal static unsafe class CollectionFile
{
    private const int Version = 1;
    private const int HashBytes = 32;
    private const int HeadLengthPlace = 16;
    private const int ArraysPlace = 24;
    private const int FileLengthPlace = 32;
    private const int HeadHashPlace = 40;
    private const int RestHashPlace = HeadHashPlace + HashBytes;
    private const int PrologueHashPlace = RestHashPlace + HashBytes;
    private const int PrologueBytes = PrologueHashPlace + HashBytes;
    private const int Page = 4096;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Name => "QVECTORS"u8;

    /// <summary>Writes a file; it appears whole or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> writeHead, IReadOnlyList<RowArray> arrays)
    {
        ThrowUnlessLittleEndian();
        WholeFile.Write(path, file =>
        {
            using HashingStream stream = new(file);
            byte[] prologue = new byte[PrologueBytes];
            stream.Write(prologue);
            stream.TakeHash();
            writeHead(stream);
            long headLength = stream.Position - PrologueBytes;
            if (headLength > Array.MaxLength)
            {
                throw new IOException($"{path} cannot be written: the records take {headLength} bytes; at most {Array.MaxLength} fit.");
            }

            byte[] headHash = stream.TakeHash();
            long arraysAt = RoundUp(stream.Position, Page);
            stream.PadTo(arraysAt);
            foreach (RowArray array in arrays)
            {
                stream.PadTo(RoundUp(stream.Position, Alignment));
                array.WriteTo(stream);
            }

            Name.CopyTo(prologue);
            BinaryPrimitives.WriteInt32LittleEndian(prologue.AsSpan(8), Version);
            BinaryPrimitives.WriteInt64LittleEndian(prologue.AsSpan(HeadLengthPlace), headLength);
            BinaryPrimitives.WriteInt64LittleEndian(prologue.AsSpan(ArraysPlace), arraysAt);
            BinaryPrimitives.WriteInt64LittleEndian(prologue.AsSpan(FileLengthPlace), stream.Position);
            headHash.CopyTo(prologue, HeadHashPlace);
            stream.TakeHash().CopyTo(prologue, RestHashPlace);
            SHA256.HashData(prologue.AsSpan(0, PrologueHashPlace)).CopyTo(prologue, PrologueHashPlace);
            file.Position = 0;
            file.Write(prologue);
        });
    }

    /// <summary>Maps a file and checks it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verifiesRows">Whether all bytes are hashed; if not, those of the rows are not read.</param>
    /// <param name="headAt">Receives where the head begins.</param>
    /// <param name="headLength">Receives the head's length.</param>
    /// <param name="arraysAt">Receives where the arrays begin.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is of another format or version, or damaged.</exception>
    public static MappedFile Open(string path, bool verifiesRows, out byte* headAt, out int headLength, out long arraysAt)
    {
        ThrowUnlessLittleEndian();
        FileStream stream = WholeFile.OpenRead(path);
        if (stream.Length < PrologueBytes)
        {
            long actual = stream.Length;
            stream.Dispose();
            throw new InvalidDataException($"{path} has {actual} bytes and is no saved collection; save it again.");
        }

        MappedFile file = new(stream);
        try
        {
            ReadOnlySpan<byte> prologue = new(file.Start, PrologueBytes);
            if (!prologue.StartsWith(Name))
            {
                throw new InvalidDataException($"{path} is no saved collection: it does not begin with its name.");
            }

            int version = BinaryPrimitives.ReadInt32LittleEndian(prologue[8..]);
            if (version != Version)
            {
                throw new InvalidDataException($"{path} is of version {version}; this library reads version {Version}.");
            }

            ThrowUnlessEqual(path, "prologue", SHA256.HashData(prologue[..PrologueHashPlace]), prologue[PrologueHashPlace..]);
            if (BinaryPrimitives.ReadInt64LittleEndian(prologue[FileLengthPlace..]) is long expected && expected != file.Length)
            {
                throw new InvalidDataException($"{path} has {file.Length} bytes instead of {expected}; save it again.");
            }

            headAt = file.Start + PrologueBytes;
            long length = BinaryPrimitives.ReadInt64LittleEndian(prologue[HeadLengthPlace..]);
            arraysAt = BinaryPrimitives.ReadInt64LittleEndian(prologue[ArraysPlace..]);
            if (length is < 0 or > int.MaxValue || arraysAt < PrologueBytes + length || arraysAt > file.Length)
            {
                throw new InvalidDataException($"{path} is damaged: its parts do not fit {file.Length} bytes. Save it again.");
            }

            headLength = (int)length;
            byte[] headHash = SHA256.HashData(new ReadOnlySpan<byte>(headAt, headLength));
            ThrowUnlessEqual(path, "records", headHash, prologue.Slice(HeadHashPlace, HashBytes));
            if (verifiesRows)
            {
                ThrowUnlessEqual(path, "vectors", Hash(file, PrologueBytes + headLength), prologue.Slice(RestHashPlace, HashBytes));
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The arrays of a file.</summary>
    /// <exception cref="InvalidDataException">They do not fill the file.</exception>
    public static RowArray[] Arrays(string path, MappedFile file, long arraysAt, int rows, IReadOnlyList<int> rowBytes)
    {
        RowArray[] arrays = new RowArray[rowBytes.Count];
        long place = arraysAt;
        for (int i = 0; i < arrays.Length; i++)
        {
            place = RoundUp(place, Alignment);
            if (place + (long)rows * rowBytes[i] > file.Length)
            {
                throw new InvalidDataException($"{path} has {file.Length} bytes; its vectors need more. Save it again.");
            }

            arrays[i] = RowArray.Over(rowBytes[i], rows, file.Start + place, file);
            place += (long)rows * rowBytes[i];
        }

        return place == file.Length
            ? arrays
            : throw new InvalidDataException($"{path} has {file.Length - place} bytes behind its vectors. Save it again.");
    }

    private static byte[] Hash(MappedFile file, long start)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long place = start; place < file.Length; place += Math.Min(1 << 24, file.Length - place))
        {
            hash.AppendData(new ReadOnlySpan<byte>(file.Start + place, (int)Math.Min(1 << 24, file.Length - place)));
        }

        return hash.GetHashAndReset();
    }

    private static void ThrowUnlessEqual(string path, string part, ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected)
    {
        if (!actual.SequenceEqual(expected))
        {
            throw new InvalidDataException($"{path} is damaged: the checksum of its {part} does not fit. Save it again.");
        }
    }

    private static void ThrowUnlessLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Files of collections are mapped as they are, which needs a little-endian machine.");
        }
    }

    private static long RoundUp(long value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
