using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using SkiaSharp;

namespace Quantization.Fuzz.Mutants;

/// <summary>Whole files of samples: arrays of NumPy, and images.</summary>
internal static class SampleFiles
{
    /// <summary>Writes one file of each kind.</summary>
    /// <param name="folder">The folder, with folders <c>s</c> for arrays and <c>i</c> for images in it.</param>
    public static void Write(string folder)
    {
        byte[] array = MakeArray([0.5f, -1, 2, 0.25f]);
        File.WriteAllBytes(Path.Combine(folder, "s", "0.npy"), array);
        using (ZipArchive zip = ZipFile.Open(Path.Combine(folder, "s", "0.npz"), ZipArchiveMode.Create))
        {
            using Stream entry = zip.CreateEntry("x.npy").Open();
            entry.Write(array);
        }

        using SKBitmap bitmap = new(16, 12);
        for (int i = 0; i < bitmap.Width * bitmap.Height; i++)
        {
            bitmap.SetPixel(i % bitmap.Width, i / bitmap.Width, new SKColor((byte)(i * 7), (byte)(i * 3), (byte)i));
        }

        foreach ((string name, SKEncodedImageFormat format) in (ReadOnlySpan<(string, SKEncodedImageFormat)>)
            [("0.png", SKEncodedImageFormat.Png), ("0.jpg", SKEncodedImageFormat.Jpeg), ("0.webp", SKEncodedImageFormat.Webp)])
        {
            using SKData data = bitmap.Encode(format, 90);
            File.WriteAllBytes(Path.Combine(folder, "i", name), data.ToArray());
        }
    }

    private static byte[] MakeArray(float[] values)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({values.Length},), }}";
        header = header.PadRight((header.Length + 10 + 1 + 63) / 64 * 64 - 11) + "\n";
        return
        [
            0x93, .. Encoding.ASCII.GetBytes("NUMPY"), 1, 0, (byte)header.Length, (byte)(header.Length >> 8),
            .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(values.AsSpan()),
        ];
    }
}
