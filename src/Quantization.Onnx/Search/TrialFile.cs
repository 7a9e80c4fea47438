using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Quantization.Onnx;

/// <summary>
/// The file of trials, little-endian: <c>QTRI</c>, version (int32), number of trials (int32), bytes of all trials (int64), then for each in
/// the order of keys its key (32 bytes), the figures of its <see cref="KeptScore"/>, each a value (float64, NaN for none) and the number of
/// samples that it rests on (int32), the number of kept samples (int32) and for each the level of its loss and its share (float32 each),
/// last the SHA-256 of all before it.
/// </summary>
internal static class TrialFile
{
    private const int Version = 3;

    private const int HeaderSize = 4 + 2 * sizeof(int) + sizeof(long);

    private const int FigureSize = sizeof(double) + sizeof(int);

    /// <summary>The bytes of a trial without its samples.</summary>
    private const int RecordSize = SHA256.HashSizeInBytes + KeptScore.Count * FigureSize + sizeof(int);

    private const int SampleSize = 2 * sizeof(float);

    private static ReadOnlySpan<byte> Magic => "QTRI"u8;

    public static void Write(SortedDictionary<TrialKey, KeptScore> scores, Stream stream)
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content); // little-endian everywhere
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(scores.Count);
        writer.Write(scores.Values.Sum(score => RecordSize + (long)score.Samples.Count * SampleSize));
        foreach ((TrialKey key, KeptScore score) in scores)
        {
            writer.Write(key.ToBytes());
            foreach (KeptFigure figure in score.Figures)
            {
                writer.Write(figure.Value);
                writer.Write(figure.Samples);
            }

            writer.Write(score.Samples.Count);
            for (int i = 0; i < score.Samples.Count; i++)
            {
                writer.Write(score.Samples.Levels[i]);
                writer.Write(score.Samples.Shares[i]);
            }
        }

        ReadOnlySpan<byte> written = content.GetBuffer().AsSpan(0, (int)content.Length);
        stream.Write(written);
        stream.Write(SHA256.HashData(written));
    }

    /// <summary>Whether a file begins as those of trials do; false where there is none.</summary>
    public static bool IsOne(string path) => RegularFile.BeginsWith(path, Magic);

    /// <summary>Reads the trials of a file. Its length has to be the one that its head tells before more than that is read.</summary>
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
        long length = BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(Magic.Length + 2 * sizeof(int)));
        bool fits = headLength == HeaderSize && length >= 0 && stream.Length - HeaderSize - SHA256.HashSizeInBytes == length
            && stream.Length <= Array.MaxLength;
        byte[] bytes = fits ? new byte[stream.Length] : head[..headLength];
        if (fits)
        {
            stream.Position = 0;
            stream.ReadExactly(bytes);
        }

        int version = bytes.Length < Magic.Length + sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length));
        if (version is not (0 or Version))
        {
            throw new InvalidDataException($"{path}: the file of trials has version {version}, this library reads {Version}; delete it, or "
                + "use the library that wrote it.");
        }

        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (!fits || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end))
            || Parse(
                bytes.AsSpan(HeaderSize, end - HeaderSize),
                BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(Magic.Length + sizeof(int)))) is not { } scores)
        {
            throw new InvalidDataException($"{path}: the file of trials is truncated or damaged; delete it, and the trials are run again.");
        }

        return scores;
    }

    /// <summary>The trials; null where there are more or fewer bytes than they take.</summary>
    private static SortedDictionary<TrialKey, KeptScore>? Parse(ReadOnlySpan<byte> bytes, int count)
    {
        SortedDictionary<TrialKey, KeptScore> scores = [];
        for (int record = 0; record < count; record++)
        {
            int samples = bytes.Length < RecordSize ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes[(RecordSize - sizeof(int))..]);
            if (samples is < 0 or > SampleFigures.MostSamples || bytes.Length < RecordSize + samples * SampleSize)
            {
                return null;
            }

            KeptFigure[] figures = new KeptFigure[KeptScore.Count];
            for (int i = 0; i < figures.Length; i++)
            {
                ReadOnlySpan<byte> figure = bytes[(SHA256.HashSizeInBytes + i * FigureSize)..];
                figures[i] = new KeptFigure(
                    BinaryPrimitives.ReadDoubleLittleEndian(figure), BinaryPrimitives.ReadInt32LittleEndian(figure[sizeof(double)..]));
            }

            scores[new TrialKey(bytes[..SHA256.HashSizeInBytes])] = KeptScore.Of(
                figures, ReadSamples(bytes.Slice(RecordSize, samples * SampleSize)));
            bytes = bytes[(RecordSize + samples * SampleSize)..];
        }

        return bytes.IsEmpty ? scores : null;
    }

    private static SampleFigures ReadSamples(ReadOnlySpan<byte> bytes)
    {
        float[] levels = new float[bytes.Length / SampleSize], shares = new float[levels.Length];
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * SampleSize)..]);
            shares[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * SampleSize + sizeof(float))..]);
        }

        return new SampleFigures(levels, shares);
    }
}
