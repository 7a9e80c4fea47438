using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// Tells trials apart, in one run and over many: the SHA-256 of what the model is and what it is scored on. Compared by value.
/// </summary>
internal readonly struct TrialKey : IEquatable<TrialKey>, IComparable<TrialKey>
{
    private readonly string _hash;

    public TrialKey(string scorer, string model) =>
        _hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{scorer}\n{model}")));

    public TrialKey(ReadOnlySpan<byte> hash) => _hash = Convert.ToHexStringLower(hash);

    public byte[] ToBytes() => Convert.FromHexString(_hash);

    public bool Equals(TrialKey other) => _hash == other._hash;

    public override bool Equals(object? obj) => obj is TrialKey other && Equals(other);

    public override int GetHashCode() => _hash.GetHashCode(StringComparison.Ordinal);

    public int CompareTo(TrialKey other) => string.CompareOrdinal(_hash, other._hash);
}
