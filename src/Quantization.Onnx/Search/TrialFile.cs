using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Quantization.Onnx;

/// <summary>
/// The file of trials, little-endian: <c>QTRI</c>, version (int32), number of trials (int32), then for each in the order of keys its key
/// (32 bytes) and the figures of its <see cref="KeptScore"/>, each a value (float64, NaN for none) and the number of samples that it
/// rests on (int32), last the SHA-256 of all before it.
/// </summary>
internal static class TrialFile
{
    private const int Version = 2;

    private const int HeaderSize = 4 + 2 * sizeof(int);

    private const int FigureSize = sizeof(double) + sizeof(int);

    private const int RecordSize = SHA256.HashSizeInBytes + KeptScore.Count * FigureSize;

    private static ReadOnlySpan<byte> Magic => "QTRI"u8;

    public static void Write(SortedDictionary<TrialKey, KeptScore> scores, Stream stream)
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content); // little-endian everywhere
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(scores.Count);
        foreach ((TrialKey key, KeptScore score) in scores)
        {
            writer.Write(key.ToBytes());
            foreach (KeptFigure figure in score.Figures)
            {
                writer.Write(figure.Value);
                writer.Write(figure.Samples);
            }
        }

        ReadOnlySpan<byte> written = content.GetBuffer().AsSpan(0, (int)content.Length);
        stream.Write(written);
        stream.Write(SHA256.HashData(written));
    }

    /// <summary>Whether a file begins as those of trials do; false where there is none.</summary>
    public static bool IsOne(string path) => RegularFile.BeginsWith(path, Magic);

    /// <summary>Reads the trials of a file. Its length has to be that of the number of trials that it tells before more than its head is read.</summary>
    /// <exception cref="InvalidDataException">The file holds something else, or is truncated, damaged or of another version.</exception>
    public static SortedDictionary<TrialKey, KeptScore> Read(string path)
    {
        if (!IsOne(path))
        {
            throw new InvalidDataException($"{path}: this is not a file of trials; name another file to keep them in.");
        }

        using FileStream stream = RegularFile.OpenRead(path);
        byte[] head = new byte[HeaderSize];
        int headLength = stream.ReadAtLeast(head, HeaderSize, throwOnEndOfStream: false);
        int records = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(Magic.Length + sizeof(int)));
        bool fits = headLength == HeaderSize && stream.Length == HeaderSize + (long)records * RecordSize + SHA256.HashSizeInBytes && stream.Length <= Array.MaxLength;
        byte[] bytes = fits ? new byte[stream.Length] : head[..headLength];
        if (fits)
        {
            stream.Position = 0;
            stream.ReadExactly(bytes);
        }

        int version = bytes.Length < HeaderSize ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length));
        if (version is not (0 or Version))
        {
            throw new InvalidDataException($"{path}: the file of trials has version {version}, this library reads {Version}; delete it, or use the library that wrote it.");
        }

        int end = bytes.Length - SHA256.HashSizeInBytes;
        int count = version == 0 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length + sizeof(int)));
        if (end < HeaderSize || end != HeaderSize + (long)count * RecordSize || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
        {
            throw new InvalidDataException($"{path}: the file of trials is truncated or damaged; delete it, and the trials are run again.");
        }

        SortedDictionary<TrialKey, KeptScore> scores = [];
        for (int start = HeaderSize; start < end; start += RecordSize)
        {
            ReadOnlySpan<byte> record = bytes.AsSpan(start, RecordSize);
            KeptFigure[] figures = new KeptFigure[KeptScore.Count];
            for (int i = 0; i < figures.Length; i++)
            {
                ReadOnlySpan<byte> figure = record[(SHA256.HashSizeInBytes + i * FigureSize)..];
                figures[i] = new KeptFigure(
                    BinaryPrimitives.ReadDoubleLittleEndian(figure), BinaryPrimitives.ReadInt32LittleEndian(figure[sizeof(double)..]));
            }

            scores[new TrialKey(record[..SHA256.HashSizeInBytes])] = KeptScore.Of(figures);
        }

        return scores;
    }
}
