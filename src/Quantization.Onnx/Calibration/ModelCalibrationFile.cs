using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// The file of a calibration, little-endian: <c>QCAL</c>, version (int32), SHA-256 of the model, samples (int64), since version 2 the
/// origin, then activations (int32), for each in the ordinal order of names its name (int32 length, UTF-8) and statistics
/// (<see cref="TensorStatistics.Save"/>), last the SHA-256 of all before it. Version 3 has the padding that was left out
/// (<see cref="PaddingFields"/>) behind the origin; files without padding have version 2. The origin: whether a run keeps the file for
/// itself (int32, 0 or 1), the digest of the samples (32 bytes), settings (int32), and each as a name is written; without settings it is
/// unknown.
/// </summary>
internal static class ModelCalibrationFile
{
    private const int Version = 3;
    private const int VersionWithoutPadding = 2;
    private const int VersionWithoutOrigin = 1;
    private const int HeaderSize = 4 + sizeof(int) + ModelFingerprint.Size + sizeof(long) + sizeof(int);

    /// <summary>64 MB.</summary>
    private const long MaxEmptyBins = 8 << 20;

    /// <summary>
    /// An activation that has seen any normal number lists a quarter of its bins at least, in eight bytes each. A file of next to nothing
    /// else asks for memory alone.
    /// </summary>
    private const long MaxBinsPerByte = 8;

    private static ReadOnlySpan<byte> Magic => "QCAL"u8;

    /// <summary>Writes a calibration.</summary>
    public static void Write(ModelCalibration calibration, Stream stream, bool isKeptByRun)
    {
        using MemoryStream content = new();
        using BinaryWriter writer = new(content, Encoding.UTF8); // little-endian everywhere
        writer.Write(Magic);
        writer.Write(calibration.Padding is null ? VersionWithoutPadding : Version);
        writer.Write(calibration.Model.Bytes);
        writer.Write(calibration.SampleCount);
        writer.Write(isKeptByRun ? 1 : 0);
        writer.Write((calibration.Origin?.Samples ?? default).ToBytes());
        writer.Write(calibration.Origin?.Settings.Count ?? 0);
        foreach (string setting in calibration.Origin?.Settings ?? [])
        {
            CalibrationText.Write(writer, setting);
        }

        if (calibration.Padding is { } padding)
        {
            PaddingFields.Write(writer, padding);
        }

        writer.Write(calibration.Activations.Count);
        foreach ((string name, TensorStatistics statistics) in calibration.Activations)
        {
            CalibrationText.Write(writer, name);
            statistics.Save(content);
        }

        ReadOnlySpan<byte> written = content.GetBuffer().AsSpan(0, (int)content.Length);
        stream.Write(written);
        stream.Write(SHA256.HashData(written));
    }

    /// <summary>Whether a file begins as calibrations do; false where there is none.</summary>
    public static bool IsOne(string path) => RegularFile.BeginsWith(path, Magic);

    /// <summary>Reads a calibration. What is no calibration is refused by its first bytes.</summary>
    /// <exception cref="InvalidDataException">The file is no calibration, or truncated, damaged or of another version.</exception>
    public static ModelCalibration Read(string path)
    {
        if (!IsOne(path))
        {
            throw new InvalidDataException($"{path}: this is not a calibration file.");
        }

        using FileStream stream = RegularFile.OpenRead(path);
        if (stream.Length > Array.MaxLength)
        {
            throw Damaged(path);
        }

        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Read(path, bytes);
    }

    /// <summary>Reads a calibration from memory.</summary>
    /// <param name="path">What messages call it.</param>
    /// <param name="bytes">What its file holds.</param>
    /// <exception cref="InvalidDataException">It is no calibration, or truncated, damaged or of another version.</exception>
    public static ModelCalibration Read(string path, byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"{path}: this is not a calibration file.");
        }

        int version = bytes.Length < Magic.Length + sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length));
        if (version is not (0 or (>= VersionWithoutOrigin and <= Version)))
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"{path}: the calibration file has version {version}, this library reads "
                    + $"{VersionWithoutOrigin} to {Version}; calibrate again, or use the library that wrote it."));
        }

        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < HeaderSize || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
        {
            throw Damaged(path);
        }

        try
        {
            return ReadContent(path, new MemoryStream(bytes, Magic.Length + sizeof(int), end - Magic.Length - sizeof(int)), version);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or ArgumentException)
        {
            throw Damaged(path, e);
        }
    }

    private static ModelCalibration ReadContent(string path, MemoryStream content, int version)
    {
        using BinaryReader reader = new(content, Encoding.UTF8);
        ModelFingerprint model = new(reader.ReadBytes(ModelFingerprint.Size));
        long samples = reader.ReadInt64();
        (bool isKeptByRun, CalibrationOrigin? origin) = version == VersionWithoutOrigin ? (false, null) : ReadOrigin(reader);
        ObservedPadding? padding = version < Version ? null : PaddingFields.Read(reader);
        int count = reader.ReadInt32();
        long bins = 0;
        SortedDictionary<string, TensorStatistics> activations = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = CalibrationText.Read(reader);
            activations.Add(name, TensorStatistics.Load(content));
            bins += 2L * activations[name].BinsPerSign;
            if (bins > MaxEmptyBins + MaxBinsPerByte * content.Length)
            {
                throw Damaged(path);
            }
        }

        return samples > 0 && count >= 0 && content.Position == content.Length
            ? new ModelCalibration(model, samples, activations, origin) { IsKeptByRun = isKeptByRun, Padding = padding }
            : throw Damaged(path);
    }

    private static (bool IsKeptByRun, CalibrationOrigin? Origin) ReadOrigin(BinaryReader reader)
    {
        int kept = reader.ReadInt32();
        SampleDigest samples = SampleDigest.Read(reader.ReadBytes(SampleDigest.Size));
        int count = reader.ReadInt32();
        if (kept is not (0 or 1) || count is < 0 or > CalibrationOrigin.MaxSettings)
        {
            throw new InvalidDataException("The origin is damaged.");
        }

        string[] settings = new string[count];
        for (int i = 0; i < count; i++)
        {
            settings[i] = CalibrationText.Read(reader);
        }

        return (kept == 1, count == 0 ? null : CalibrationOrigin.Create(samples, settings));
    }

    private static InvalidDataException Damaged(string path, Exception? cause = null) =>
        new($"{path}: the calibration file is truncated or damaged; calibrate again, or delete the file where a run kept it.", cause);
}
