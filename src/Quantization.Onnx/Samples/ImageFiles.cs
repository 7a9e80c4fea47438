namespace Quantization.Onnx;

/// <summary>The images of a folder, told by the names of their files. The library itself decodes none of them.</summary>
internal static class ImageFiles
{
    private static readonly string[] Readable = [".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif"];

    /// <summary>Images too, but of formats that <c>Quantization.Images</c> does not decode.</summary>
    private static readonly string[] Unreadable =
    [
        ".tif", ".tiff", ".tga", ".psd", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".jpx", ".svg",
        ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".pcx", ".ico", ".dds", ".exr", ".hdr",
        ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf",
    ];

    /// <summary>
    /// The images of a folder and its subfolders, as paths from the folder with '/' between names. Hidden files and folders are passed
    /// over.
    /// </summary>
    public static IEnumerable<string> In(string folder) => FolderTree.EnumerateFiles(folder)
        .Where(file => !Path.GetFileName(file).StartsWith('.') && (Has(file, Readable) || Has(file, Unreadable)))
        .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'));

    /// <summary>Whether an image is of a format that <c>Quantization.Images</c> decodes.</summary>
    public static bool IsReadable(string path) => Has(path, Readable);

    private static bool Has(string path, string[] extensions) =>
        extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
}
