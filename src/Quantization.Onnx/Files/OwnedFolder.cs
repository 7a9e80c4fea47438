using System.Globalization;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// A folder of one run for files that are not finished or not kept, deleted when it is disposed of. A killed run leaves its folder behind;
/// the next run that looks there removes it. A file in the folder names machine and process, and stays locked as long as the run lives:
/// that tells an abandoned folder from one in use.
/// </summary>
internal sealed class OwnedFolder : IDisposable
{
    private const string OwnerName = ".owner";
    private const string NewOwnerName = ".owner.new";
    private const string TemporaryPrefix = "quantization-";

    /// <summary>A folder without owner that is younger than this may just be in the making.</summary>
    private static readonly TimeSpan LongestMaking = TimeSpan.FromMinutes(1);

    private static readonly Lazy<bool> IsTemporaryPathSwept = new(SweepTemporaryPath);

    private readonly DirectoryInfo _folder;
    private readonly FileStream _owner;

    private OwnedFolder(DirectoryInfo folder, FileStream owner)
    {
        _folder = folder;
        _owner = owner;
    }

    /// <summary>The folder's full path.</summary>
    public string FullName => _folder.FullName;

    /// <summary>The files in the folder, without the one that names the owner.</summary>
    public IEnumerable<FileInfo> Files => _folder.EnumerateFiles().Where(file => file.Name != OwnerName);

    /// <summary>The path of a file in the folder.</summary>
    public string this[string file] => Path.Combine(FullName, file);

    /// <summary>
    /// Makes a folder in the system's folder for temporary files. The first call of a process removes what killed runs left there.
    /// </summary>
    /// <exception cref="IOException">The system's folder is missing or cannot be written to.</exception>
    public static OwnedFolder CreateTemporary()
    {
        _ = IsTemporaryPathSwept.Value;
        try
        {
            return Own(Directory.CreateTempSubdirectory(TemporaryPrefix));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotUseTemporaryPath("cannot make a folder for temporary files here", e);
        }
    }

    /// <summary>
    /// Makes a hidden folder beside a file that is to be written, together with missing folders above it, and removes what killed runs left
    /// there for the same file.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder must not be made.</exception>
    public static OwnedFolder CreateBeside(string path)
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string prefix = $".{Path.GetFileName(path)}.";
        RemoveAbandoned(parent, prefix);
        return Own(Directory.CreateDirectory(Path.Combine(parent, prefix + Path.GetRandomFileName())));
    }

    /// <summary>
    /// What to throw where the system's folder for temporary files does not do: it names the folder and how to choose another.
    /// </summary>
    /// <param name="problem">What went wrong, without punctuation at its end.</param>
    /// <param name="cause">The cause.</param>
    public static IOException CannotUseTemporaryPath(string problem, Exception cause) =>
        new($"{Path.GetTempPath()}: {problem} ({cause.Message.TrimEnd('.')}); make room there, or name another folder "
            + "(TMPDIR, on Windows TMP).", cause);

    /// <inheritdoc />
    public void Dispose()
    {
        try
        {
            DeleteContents(_folder);
            _owner.Dispose();
            _folder.Delete(recursive: true);
        }
        catch (Exception e)
            when (e is DirectoryNotFoundException || (OperatingSystem.IsWindows() && e is IOException or UnauthorizedAccessException))
        {
            // Somebody else removed it. Or a session still maps a file, which Windows then does not delete: the next run removes the
            // folder.
        }
        finally
        {
            _owner.Dispose();
        }
    }

    /// <summary>
    /// Deletes all but the owner's file, which goes last: a run that is killed meanwhile leaves a folder that the next one knows to be
    /// abandoned.
    /// </summary>
    private static void DeleteContents(DirectoryInfo folder)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos().Where(entry => entry.Name != OwnerName).ToArray())
        {
            if (entry is DirectoryInfo { LinkTarget: null } inner)
            {
                inner.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    private static bool SweepTemporaryPath()
    {
        RemoveAbandoned(Path.GetTempPath(), TemporaryPrefix);
        return true;
    }

    /// <summary>The owner's file gets its name when it is complete and locked, so nobody ever sees it otherwise.</summary>
    private static OwnedFolder Own(DirectoryInfo folder)
    {
        FileStream? owner = null;
        try
        {
            owner = new FileStream(Path.Combine(folder.FullName, NewOwnerName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
            owner.Write(Encoding.UTF8.GetBytes(FolderOwner.Current.ToText()));
            owner.Flush();
            File.Move(owner.Name, Path.Combine(folder.FullName, OwnerName));
            return new OwnedFolder(folder, owner);
        }
        catch
        {
            try
            {
                owner?.Dispose(); // writes what is left to write, and so fails again on a full disk
            }
            catch (IOException)
            {
                // What was wrong first is told.
            }

            folder.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Removes the folders of runs of this machine that have ended. What is not surely theirs stays.</summary>
    private static void RemoveAbandoned(string parent, string prefix)
    {
        if (!Directory.Exists(parent))
        {
            return;
        }

        try
        {
            foreach (string folder in Directory.EnumerateDirectories(parent, prefix + "*"))
            {
                RemoveIfAbandoned(folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed may still be written to.
        }
    }

    private static void RemoveIfAbandoned(string folder)
    {
        try
        {
            string owner = Path.Combine(folder, OwnerName);
            if (File.Exists(owner) ? IsAbandoned(owner) : WasNeverOwned(folder))
            {
                DeleteContents(new DirectoryInfo(folder));
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run owns it or has just removed it, or it is somebody else's: no reason to stop.
        }
    }

    /// <exception cref="IOException">The owner lives and has the file locked.</exception>
    private static bool IsAbandoned(string ownerPath)
    {
        using FileStream owner = new(ownerPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using StreamReader reader = new(owner);

        // The lock alone would do, but some network file systems have none.
        return FolderOwner.Parse(reader.ReadToEnd()) is { } found && found.HasEnded();
    }

    /// <summary>Whether a run was killed before it could own the folder, which then holds nothing.</summary>
    private static bool WasNeverOwned(string folder) =>
        DateTime.UtcNow - Directory.GetLastWriteTimeUtc(folder) > LongestMaking
        && Directory.EnumerateFileSystemEntries(folder).All(entry => Path.GetFileName(entry) == NewOwnerName)
        && Directory.EnumerateFileSystemEntries(folder).Any();
}
