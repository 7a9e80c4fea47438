namespace Quantization.Onnx;

/// <summary>Tells whether two paths name the same file, through links and other spellings too.</summary>
/// <param name="Device">The file system; on Windows the volume's serial number.</param>
/// <param name="Inode">The file within it; on Windows the file's index.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>
    /// The identity of what a path names, links followed; null where there is nothing, or where the system does not tell.
    /// </summary>
    public static FileIdentity? Of(string path) => FileStatus.Read(path)?.Identity;
}
