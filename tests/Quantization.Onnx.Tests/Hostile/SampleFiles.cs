using System.IO.Compression;
using System.Text;

namespace Quantization.Onnx.Tests;

/// <summary>Sample files that lie.</summary>
internal static class SampleFiles
{
    /// <summary>The head of a NumPy array.</summary>
    public static byte[] NpyHead(string type, string shape)
    {
        string text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)];
    }

    /// <summary>An archive with an array of so many zeros, which packs to a thousandth.</summary>
    public static string Bomb(string path, string name, string type, string shape, long bytes)
    {
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        using Stream entry = archive.CreateEntry(name + ".npy", CompressionLevel.Fastest).Open();
        entry.Write(NpyHead(type, shape));
        byte[] zeros = new byte[1 << 20];
        for (long written = 0; written < bytes; written += zeros.Length)
        {
            entry.Write(zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - written)));
        }

        return path;
    }

    /// <summary>An archive of arrays that hold one byte each.</summary>
    public static string Archive(string path, IEnumerable<string> names)
    {
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (string name in names)
        {
            using Stream entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression).Open();
            entry.Write([.. NpyHead("|u1", "(1,)"), 1]);
        }

        return path;
    }
}
