using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Quantization.Onnx;

/// <summary>
/// Keeps the codes of each matrix in a folder, so that a run that was interrupted does not round them again. Each file is called after
/// what its codes are made of, appears whole or not at all, and ends with the SHA-256 of what is before. One folder serves any number of
/// runs.
/// </summary>
/// <param name="path">The folder. It is made where it is missing.</param>
internal sealed class LayerFolder(string path)
{
    private const string Extension = ".qlayer";

    private const int HeadSize = 4 + 2 * sizeof(double);

    private static ReadOnlySpan<byte> Magic => "QLY1"u8;

    /// <summary>The matrices whose codes were found.</summary>
    public int Found { get; private set; }

    /// <summary>The codes of a matrix; null where they are not in the folder, or their file is damaged.</summary>
    /// <param name="key">What <see cref="LayerKey"/> says of the matrix.</param>
    /// <param name="problem">The matrix.</param>
    public QuantizedBlocks? Find(string key, BlockProblem problem)
    {
        string file = PathOf(key);
        QuantizedBlocks blocks = new(problem.Shape, problem.Grid.IsAffine);
        if (RegularFile.KindOf(file) != FileKind.Regular || !Read(file, blocks))
        {
            return null;
        }

        Found++;
        return blocks;
    }

    /// <summary>Keeps the codes of a matrix.</summary>
    /// <param name="key">What <see cref="LayerKey"/> says of the matrix.</param>
    /// <param name="blocks">The codes.</param>
    /// <exception cref="IOException">The folder has no room for them, or cannot be written to.</exception>
    public void Add(string key, QuantizedBlocks blocks)
    {
        using AtomicFile file = AtomicFile.Create(PathOf(key));
        file.Commit(stream =>
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] head = new byte[HeadSize];
            Magic.CopyTo(head);
            BinaryPrimitives.WriteDoubleLittleEndian(head.AsSpan(Magic.Length), blocks.Error.Noise);
            BinaryPrimitives.WriteDoubleLittleEndian(head.AsSpan(Magic.Length + sizeof(double)), blocks.Error.Signal);
            Write(head);
            Write(MemoryMarshal.AsBytes(blocks.Scales.AsSpan()));
            Write(blocks.ZeroPoints);
            Write(blocks.Codes);
            stream.Write(hash.GetHashAndReset());

            void Write(ReadOnlySpan<byte> bytes)
            {
                hash.AppendData(bytes);
                stream.Write(bytes);
            }
        });
    }

    private static bool Read(string file, QuantizedBlocks blocks)
    {
        using FileStream stream = RegularFile.OpenRead(file);
        long length = HeadSize + blocks.Scales.Length * (long)sizeof(float) + (blocks.ZeroPoints?.Length ?? 0) + blocks.Codes.Length;
        if (stream.Length != length + SHA256.HashSizeInBytes)
        {
            return false;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] head = new byte[HeadSize], written = new byte[SHA256.HashSizeInBytes];
        Read(head);
        Read(MemoryMarshal.AsBytes(blocks.Scales.AsSpan()));
        Read(blocks.ZeroPoints);
        Read(blocks.Codes);
        stream.ReadExactly(written);
        blocks.Error = new RoundingError(
            BinaryPrimitives.ReadDoubleLittleEndian(head.AsSpan(Magic.Length)),
            BinaryPrimitives.ReadDoubleLittleEndian(head.AsSpan(Magic.Length + sizeof(double))));
        return head.AsSpan().StartsWith(Magic) && hash.GetHashAndReset().AsSpan().SequenceEqual(written);

        void Read(Span<byte> bytes)
        {
            stream.ReadExactly(bytes);
            hash.AppendData(bytes);
        }
    }

    private string PathOf(string key) => Path.Combine(path, key + Extension);
}
