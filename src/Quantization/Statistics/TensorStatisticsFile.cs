using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Quantization;

/// <summary>
/// The bytes of <see cref="TensorStatistics"/>, little-endian: "QSTA", version (u32), bins per sign (u32), k (i32), zeros (i64), non-finite
/// (i64), min and max (f32), the number of positive and of negative bins up to the last that is used (u32 each), their counts (i64 each),
/// and the SHA-256 of all that.
/// </summary>
internal static class TensorStatisticsFile
{
    private const int Version = 1;
    private const int HeaderLength = 48;
    private const int FirstPiece = 4096;

    private static ReadOnlySpan<byte> Magic => "QSTA"u8;

    public static void Write(TensorStatistics statistics, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ReadOnlySpan<long> positive = Used(statistics.PositiveBins);
        ReadOnlySpan<long> negative = Used(statistics.NegativeBins);
        byte[] bytes = new byte[HeaderLength + sizeof(long) * (positive.Length + negative.Length) + SHA256.HashSizeInBytes];
        Span<byte> header = bytes;
        bool empty = statistics.Count == 0;
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], statistics.BinsPerSign);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], statistics.BinWidthExponent);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], statistics.ZeroCount);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], statistics.NonFiniteCount);
        BinaryPrimitives.WriteSingleLittleEndian(header[32..], empty ? float.PositiveInfinity : statistics.Min);
        BinaryPrimitives.WriteSingleLittleEndian(header[36..], empty ? float.NegativeInfinity : statistics.Max);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], positive.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[44..], negative.Length);
        Span<byte> body = bytes.AsSpan(HeaderLength..^SHA256.HashSizeInBytes);
        WriteCounts(positive, body);
        WriteCounts(negative, body[(sizeof(long) * positive.Length)..]);
        SHA256.HashData(bytes.AsSpan(..^SHA256.HashSizeInBytes), bytes.AsSpan(^SHA256.HashSizeInBytes..));
        stream.Write(bytes);
    }

    public static TensorStatisticsState Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] header = new byte[HeaderLength];
        ReadExactly(stream, header);
        if (!header.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException("These bytes are no tensor statistics: they do not start with QSTA.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
        if (version != Version)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The tensor statistics have version {version}; this library reads version {Version}."));
        }

        int binsPerSign = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
        int positive = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40));
        int negative = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(44));
        if (!BinLayout.IsBinCount(binsPerSign) || (uint)positive > (uint)binsPerSign || (uint)negative > (uint)binsPerSign)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The tensor statistics claim {positive} and {negative} of {binsPerSign} bins."));
        }

        byte[] rest = ReadRest(stream, sizeof(long) * (positive + negative) + SHA256.HashSizeInBytes);
        ReadOnlySpan<byte> body = rest.AsSpan(..^SHA256.HashSizeInBytes);
        ThrowUnlessHash(header, body, rest.AsSpan(^SHA256.HashSizeInBytes..));
        long[] positiveBins = ReadCounts(body[..(sizeof(long) * positive)]);
        long[] negativeBins = ReadCounts(body[(sizeof(long) * positive)..]);
        if (positiveBins is [.., 0] || negativeBins is [.., 0])
        {
            throw new InvalidDataException("The tensor statistics list empty bins beyond the last that is used.");
        }

        return new TensorStatisticsState(
            binsPerSign,
            BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)),
            positiveBins,
            negativeBins,
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)),
            BinaryPrimitives.ReadSingleLittleEndian(header.AsSpan(32)),
            BinaryPrimitives.ReadSingleLittleEndian(header.AsSpan(36)));
    }

    private static ReadOnlySpan<long> Used(ReadOnlySpan<long> bins) => bins[..(bins.LastIndexOfAnyExcept(0) + 1)];

    private static void WriteCounts(ReadOnlySpan<long> counts, Span<byte> destination)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[(sizeof(long) * i)..], counts[i]);
        }
    }

    private static long[] ReadCounts(ReadOnlySpan<byte> source)
    {
        long[] counts = new long[source.Length / sizeof(long)];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt64LittleEndian(source[(sizeof(long) * i)..]);
        }

        return counts;
    }

    /// <summary>
    /// Reads no more than the stream has, where it tells its length, and in pieces where it does not: a number of bins that is not true
    /// ends at the end of the stream instead of in a large allocation.
    /// </summary>
    private static byte[] ReadRest(Stream stream, int length)
    {
        if (stream.CanSeek && stream.Length - stream.Position < length)
        {
            throw new InvalidDataException("The tensor statistics are truncated.");
        }

        byte[] rest = new byte[Math.Min(length, FirstPiece)];
        ReadExactly(stream, rest);
        while (rest.Length < length)
        {
            int read = rest.Length;
            Array.Resize(ref rest, Math.Min(length, 2 * read));
            ReadExactly(stream, rest.AsSpan(read));
        }

        return rest;
    }

    private static void ReadExactly(Stream stream, Span<byte> destination)
    {
        int read = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        if (read < destination.Length)
        {
            throw new InvalidDataException("The tensor statistics are truncated.");
        }
    }

    private static void ThrowUnlessHash(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, ReadOnlySpan<byte> expected)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(body);
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(expected))
        {
            throw new InvalidDataException("The tensor statistics are damaged: the checksum does not match.");
        }
    }
}
