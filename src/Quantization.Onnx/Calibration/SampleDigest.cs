using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// Tells whether two calibrations saw the same samples: the sum of the samples' SHA-256, modulo 2²⁵⁶. Like the statistics, it does not
/// depend on the order of the samples, and the digests of shards add up to that of the whole. Names and labels do not count, only what the
/// model is fed.
/// </summary>
internal readonly record struct SampleDigest
{
    /// <summary>The bytes of a digest.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private readonly UInt128 _low;
    private readonly UInt128 _high;

    private SampleDigest(UInt128 low, UInt128 high)
    {
        _low = low;
        _high = high;
    }

    /// <summary>Adds the samples of two digests.</summary>
    public static SampleDigest operator +(SampleDigest left, SampleDigest right)
    {
        UInt128 low = left._low + right._low;
        return new SampleDigest(low, left._high + right._high + (low < left._low ? UInt128.One : UInt128.Zero));
    }

    /// <summary>The digest of one sample.</summary>
    public static SampleDigest Of(ModelSample sample)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (SampleTensor input in sample.Inputs)
        {
            string head = string.Create(
                CultureInfo.InvariantCulture, $"{input.Name}\n{input.ElementType} {SampleShape.Format(input.Shape)} {input.Data.Length}\n");
            hash.AppendData(Encoding.UTF8.GetBytes(head));
            hash.AppendData(input.Data);
        }

        return Read(hash.GetHashAndReset());
    }

    /// <summary>Reads a digest from <see cref="Size"/> bytes, little-endian.</summary>
    public static SampleDigest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128LittleEndian(bytes), BinaryPrimitives.ReadUInt128LittleEndian(bytes[(Size / 2)..]));

    /// <summary>The digest as bytes, little-endian.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, _low);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(Size / 2), _high);
        return bytes;
    }
}
