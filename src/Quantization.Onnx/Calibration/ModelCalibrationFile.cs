using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// The file of a calibration, little-endian: <c>QCAL</c>, version (int32), SHA-256 of the model, samples (int64), activations (int32), then for each in the ordinal order of names its name
/// (int32 length, UTF-8) and statistics (<see cref="TensorStatistics.Save"/>), last the SHA-256 of all before it.
/// </summary>
internal static class ModelCalibrationFile
{
    private const int Version = 1;

    private const int HeaderSize = 4 + sizeof(int) + ModelFingerprint.Size + sizeof(long) + sizeof(int);

    /// <summary>64 MB.</summary>
    private const long MostEmptyBins = 8 << 20;

    /// <summary>An activation that has seen any normal number lists a quarter of its bins at least, in eight bytes each. A file of next to nothing else asks for memory alone.</summary>
    private const long MostBinsAByte = 8;

    private static ReadOnlySpan<byte> Magic => "QCAL"u8;

    public static void Write(ModelCalibration calibration, Stream stream)
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content, Encoding.UTF8); // little-endian everywhere
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(calibration.Model.Bytes);
        writer.Write(calibration.SampleCount);
        writer.Write(calibration.Activations.Count);
        foreach ((string name, TensorStatistics statistics) in calibration.Activations)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            writer.Write(utf8.Length);
            writer.Write(utf8);
            statistics.Save(content);
        }

        ReadOnlySpan<byte> written = content.GetBuffer().AsSpan(0, (int)content.Length);
        stream.Write(written);
        stream.Write(SHA256.HashData(written));
    }

    public static ModelCalibration Read(string path, byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"{path}: this is not a calibration file.");
        }

        int version = bytes.Length < Magic.Length + sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length));
        if (version is not (0 or Version))
        {
            throw new InvalidDataException($"{path}: the calibration file has version {version}, this library reads {Version}; calibrate again, or use the library that wrote it.");
        }

        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < HeaderSize || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
        {
            throw Damaged(path);
        }

        try
        {
            return ReadContent(path, new MemoryStream(bytes, Magic.Length + sizeof(int), end - Magic.Length - sizeof(int)));
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or ArgumentException)
        {
            throw Damaged(path, e);
        }
    }

    private static ModelCalibration ReadContent(string path, MemoryStream content)
    {
        using BinaryReader reader = new(content, Encoding.UTF8);
        ModelFingerprint model = new(reader.ReadBytes(ModelFingerprint.Size));
        long samples = reader.ReadInt64();
        int count = reader.ReadInt32();
        long bins = 0;
        SortedDictionary<string, TensorStatistics> activations = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
            activations.Add(name, TensorStatistics.Load(content));
            bins += 2L * activations[name].BinsPerSign;
            if (bins > MostEmptyBins + MostBinsAByte * content.Length)
            {
                throw Damaged(path);
            }
        }

        return samples > 0 && count >= 0 && content.Position == content.Length ? new ModelCalibration(model, samples, activations) : throw Damaged(path);
    }

    private static InvalidDataException Damaged(string path, Exception? cause = null) =>
        new($"{path}: the calibration file is truncated or damaged; calibrate again.", cause);
}
