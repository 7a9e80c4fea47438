using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>Identifies the codes of a matrix by what they are computed from: the weights, the method and the samples.</summary>
internal static class LayerKey
{
    /// <summary>Changes when the same problem would get other codes.</summary>
    private const int Version = 2;

    /// <summary>The SHA-256 of a problem, as hexadecimal digits.</summary>
    /// <param name="problem">The matrix.</param>
    /// <param name="method">How weights become codes.</param>
    public static string Of(BlockProblem problem, WeightMethod method)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{Version} {method} {problem.Shape} {problem.Grid} {problem.Weights.IsTransposed} {problem.Gram?.Count}")));
        problem.Weights.ForEachBlock(hash.AppendData);
        foreach (float[]? values in (ReadOnlySpan<float[]?>)[
            problem.Weights.Factors?.Inputs, problem.Weights.Factors?.Outputs, problem.Weights.Factors?.Importance, problem.Gram?.Sums])
        {
            Append(hash, values);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, float[]? values)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, values?.Length ?? -1);
        hash.AppendData(length);
        for (int start = 0; start < values?.Length; start += 1 << 20)
        {
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan(start, Math.Min(1 << 20, values.Length - start))));
        }
    }
}
