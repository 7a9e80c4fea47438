using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Quantization.Onnx;

/// <summary>
/// The kind and the identity of what a path names, links followed. .NET tells neither: it has no test for named pipes, devices and sockets.
/// </summary>
/// <param name="Kind">What it is; never <see cref="FileKind.Missing"/>.</param>
/// <param name="Identity">Which one it is; null for a Windows device.</param>
internal readonly unsafe partial record struct FileStatus(FileKind Kind, FileIdentity? Identity)
{
    /// <summary><c>S_IFMT</c>: the bits of a mode that tell the kind.</summary>
    private const int KindMask = 0xF000;

    /// <summary>The path is relative to the current folder (<c>AT_FDCWD</c>).</summary>
    private const int CurrentFolder = -100;

    /// <summary><c>STATX_TYPE | STATX_INO</c>.</summary>
    private const uint KindAndInode = 0x101;

    /// <summary>More than <c>struct statx</c> (256 bytes) and macOS's <c>struct stat</c> (144 bytes).</summary>
    private const int BufferLength = 512;

    /// <summary>Looks at a path without opening what it names.</summary>
    /// <returns>
    /// Null where there is nothing, where a folder on the way may not be searched, or where the system offers no such function.
    /// </returns>
    public static FileStatus? Read(string path)
    {
        // C functions stop at a NUL and would look at another file.
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? ReadLinux(path)
                : OperatingSystem.IsMacOS() ? ReadMac(path)
                : OperatingSystem.IsWindows() ? ReadWindows(path)
                : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    private static FileStatus? ReadLinux(string path)
    {
        Span<byte> status = stackalloc byte[BufferLength];
        fixed (byte* buffer = status)
        {
            if (LinuxStatus(CurrentFolder, path, 0, KindAndInode, buffer) != 0)
            {
                return null;
            }
        }

        // The layout of struct statx is the same on every processor: mode at 28, inode at 32, the device's two numbers at 136.
        ulong device = ((ulong)MemoryMarshal.Read<uint>(status[136..]) << 32) | MemoryMarshal.Read<uint>(status[140..]);
        FileIdentity identity = new(device, MemoryMarshal.Read<ulong>(status[32..]));
        return new FileStatus(KindOf(MemoryMarshal.Read<ushort>(status[28..])), identity);
    }

    private static FileStatus? ReadMac(string path)
    {
        Span<byte> status = stackalloc byte[BufferLength];
        fixed (byte* buffer = status)
        {
            // On Intel the plain name is that of the older struct with 32-bit inodes.
            if ((RuntimeInformation.ProcessArchitecture == Architecture.X64 ? MacStatus64(path, buffer) : MacStatus(path, buffer)) != 0)
            {
                return null;
            }
        }

        // struct stat: device (32 bits), mode (16), number of links (16), inode (64).
        FileIdentity identity = new(MemoryMarshal.Read<uint>(status), MemoryMarshal.Read<ulong>(status[8..]));
        return new FileStatus(KindOf(MemoryMarshal.Read<ushort>(status[4..])), identity);
    }

    private static FileStatus? ReadWindows(string path)
    {
        // Names such as NUL and COM1 become \\.\NUL; named pipes are \\.\pipe\….
        if (Path.GetFullPath(path).StartsWith(@"\\.\", StringComparison.Ordinal))
        {
            return new FileStatus(FileKind.Device, null);
        }

        if (Directory.Exists(path))
        {
            return new FileStatus(FileKind.Folder, null);
        }

        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            WindowsFileInformation information;
            return new FileStatus(
                FileKind.Regular,
                WindowsStatus(handle, &information) == 0
                    ? null
                    : new FileIdentity(information.Volume, ((ulong)information.IndexHigh << 32) | information.IndexLow));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileStatus(FileKind.Regular, null);
        }
    }

    private static FileKind KindOf(ushort mode) => (mode & KindMask) switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Folder,
        0x1000 => FileKind.Pipe,
        0xC000 => FileKind.Socket,
        _ => FileKind.Device,
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinuxStatus(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MacStatus(string path, byte* status);

    [LibraryImport("libc", EntryPoint = "stat$INODE64", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MacStatus64(string path, byte* status);

    [LibraryImport("kernel32", EntryPoint = "GetFileInformationByHandle")]
    private static partial int WindowsStatus(SafeFileHandle file, WindowsFileInformation* information);

    /// <summary><c>BY_HANDLE_FILE_INFORMATION</c>.</summary>
    private struct WindowsFileInformation
    {
        public uint Attributes;
        public fixed uint Times[6];
        public uint Volume;
        public uint SizeHigh;
        public uint SizeLow;
        public uint Links;
        public uint IndexHigh;
        public uint IndexLow;
    }
}
