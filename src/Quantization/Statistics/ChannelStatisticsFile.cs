using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Quantization;

/// <summary>
/// The bytes of <see cref="ChannelStatistics"/>, little-endian: "QCHS", version (u32), channels (u32), axis (i32), the SHA-256 of those,
/// and every channel as <see cref="TensorStatisticsFile"/> writes it.
/// </summary>
internal static class ChannelStatisticsFile
{
    private const int Version = 1;
    private const int HeaderLength = 16;

    /// <summary>A channel that has seen nothing: 48 bytes and a checksum of 32.</summary>
    private const int SmallestChannel = 80;

    /// <summary>64 MB.</summary>
    private const long MaxEmptyBins = 8 << 20;

    /// <summary>
    /// A channel that has seen any normal number lists a quarter of its bins at least, so this leaves room for fifteen dead channels beside
    /// a living one.
    /// </summary>
    private const long MaxBinsPerListedBin = 64;

    private static ReadOnlySpan<byte> Magic => "QCHS"u8;

    public static void Write(ChannelStatistics statistics, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> header = stackalloc byte[HeaderLength + SHA256.HashSizeInBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], statistics.ChannelCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], statistics.Axis);
        SHA256.HashData(header[..HeaderLength], header[HeaderLength..]);
        stream.Write(header);
        for (int i = 0; i < statistics.ChannelCount; i++)
        {
            statistics[i].Save(stream);
        }
    }

    public static ChannelStatistics Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Span<byte> header = stackalloc byte[HeaderLength + SHA256.HashSizeInBytes];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            throw new InvalidDataException("The channel statistics are truncated.");
        }

        if (!header.StartsWith(Magic))
        {
            throw new InvalidDataException("These bytes are no channel statistics: they do not start with QCHS.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (version != Version)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The channel statistics have version {version}; this library reads version {Version}."));
        }

        if (!SHA256.HashData(header[..HeaderLength]).AsSpan().SequenceEqual(header[HeaderLength..]))
        {
            throw new InvalidDataException("The channel statistics are damaged: the checksum does not match.");
        }

        return new ChannelStatistics(
            BinaryPrimitives.ReadInt32LittleEndian(header[12..]),
            ReadChannels(stream, BinaryPrimitives.ReadInt32LittleEndian(header[8..])));
    }

    /// <summary>
    /// Reads channel after channel, so that a number that is not true ends at the end of the stream instead of in a huge allocation. Bins
    /// are made for what was read only when all of it is known to be worth them: a channel that has seen nothing takes 80 bytes, and up to
    /// a megabyte once it is ready to observe.
    /// </summary>
    private static TensorStatistics[] ReadChannels(Stream stream, int count)
    {
        if (count <= 0)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The channel statistics claim {count} channels."));
        }

        if (stream.CanSeek && (stream.Length - stream.Position) / SmallestChannel < count)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The channel statistics are truncated: they claim {count} channels, and "
                    + $"{stream.Length - stream.Position} bytes are left."));
        }

        List<TensorStatisticsState> channels = [];
        long listed = 0;
        while (channels.Count < count)
        {
            TensorStatisticsState channel = TensorStatisticsFile.Read(stream);
            if (channels.Count > 0 && channel.BinsPerSign != channels[0].BinsPerSign)
            {
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Channel {channels.Count} has {channel.BinsPerSign} bins per sign, channel 0 has {channels[0].BinsPerSign}."));
            }

            listed += channel.PositiveBins.Length + channel.NegativeBins.Length;
            channels.Add(channel);
        }

        long bins = 2L * count * channels[0].BinsPerSign;
        if (bins > MaxEmptyBins + MaxBinsPerListedBin * listed)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"The channel statistics claim {count} channels of {channels[0].BinsPerSign} bins per sign, "
                    + $"but hold only {listed} counts, too few for the memory they ask for."));
        }

        return [.. channels.Select(channel => new TensorStatistics(channel))];
    }
}
