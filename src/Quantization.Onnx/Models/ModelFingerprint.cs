namespace Quantization.Onnx;

/// <summary>Tells whether two files hold the same model: the SHA-256 of the file. Compared by value.</summary>
internal readonly struct ModelFingerprint : IEquatable<ModelFingerprint>
{
    /// <summary>The bytes of a fingerprint.</summary>
    public const int Size = 32;

    private readonly Task<byte[]>? _hash;

    public ModelFingerprint(byte[] hash)
        : this(Task.FromResult(hash))
    {
    }

    /// <summary>A fingerprint that is being computed while other work goes on.</summary>
    public ModelFingerprint(Task<byte[]> hash) => _hash = hash;

    /// <summary>The bytes, waited for where they are not known yet.</summary>
    /// <exception cref="OnnxModelException">The file changed meanwhile, or cannot be read.</exception>
    public ReadOnlySpan<byte> Bytes => _hash is null ? [] : _hash.GetAwaiter().GetResult();

    public static bool operator ==(ModelFingerprint left, ModelFingerprint right) => left.Equals(right);

    public static bool operator !=(ModelFingerprint left, ModelFingerprint right) => !left.Equals(right);

    public bool Equals(ModelFingerprint other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is ModelFingerprint other && Equals(other);

    public override int GetHashCode() => Bytes.IsEmpty ? 0 : BitConverter.ToInt32(Bytes);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);
}
