using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Quantization.Tool;

/// <summary>
/// A hidden folder beside an output, gone when the run is over. A run that was killed leaves its folder behind; the next one to the same output removes it. To tell such a folder from that of a run that goes on, a file
/// in it names machine and process, and is locked as long as the run lives.
/// </summary>
internal sealed class OwnedFolder : IDisposable
{
    private const string OwnerName = ".owner";
    private const string OwnerMark = "quantize";

    /// <summary>A younger folder may be about to be locked.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder;
    private readonly FileStream _owner;

    private OwnedFolder(DirectoryInfo folder, FileStream owner)
    {
        _folder = folder;
        _owner = owner;
    }

    /// <summary>The folder's full path.</summary>
    public string Path => _folder.FullName;

    /// <summary>The files in it.</summary>
    public IEnumerable<FileInfo> Files => _folder.EnumerateFiles().Where(file => file.Name != OwnerName);

    /// <summary>The path of a new folder for an output.</summary>
    public static string NewPath(string parent, string outputName) => System.IO.Path.Combine(parent, $".{outputName}.{System.IO.Path.GetRandomFileName()}");

    /// <summary>Makes a folder, and those that it lies in where they are missing.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not.</exception>
    public static OwnedFolder Create(string path)
    {
        DirectoryInfo folder = Directory.CreateDirectory(path);
        try
        {
            FileStream owner = new(System.IO.Path.Combine(folder.FullName, OwnerName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            owner.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{OwnerMark}\n{Environment.MachineName}\n{Environment.ProcessId}\n")));
            owner.Flush();
            return new OwnedFolder(folder, owner);
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Removes what killed runs of this machine left for an output. What is not surely theirs stays.</summary>
    public static void RemoveAbandoned(string parent, string outputName)
    {
        if (!Directory.Exists(parent))
        {
            return;
        }

        foreach (string folder in Directory.EnumerateDirectories(parent, $".{outputName}.*"))
        {
            try
            {
                if (IsAbandoned(System.IO.Path.Combine(folder, OwnerName)))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another run owns it or has just removed it, or it is somebody else's: no reason to stop.
            }
        }
    }

    public void Dispose()
    {
        _owner.Dispose();
        if (Directory.Exists(Path))
        {
            _folder.Delete(recursive: true);
        }
    }

    /// <exception cref="IOException">The owner lives and has the file locked.</exception>
    private static bool IsAbandoned(string ownerPath)
    {
        if (!File.Exists(ownerPath) || DateTime.UtcNow - File.GetLastWriteTimeUtc(ownerPath) < LeastAge)
        {
            return false;
        }

        // The lock alone would do, but some network file systems have none.
        using FileStream owner = new(ownerPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using StreamReader reader = new(owner);
        return reader.ReadLine() == OwnerMark
            && reader.ReadLine() == Environment.MachineName
            && int.TryParse(reader.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            && !IsRunning(process);
    }

    private static bool IsRunning(int id)
    {
        try
        {
            Process.GetProcessById(id).Dispose(); // whether it has exited, Windows would not say of another user's
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
