using System.Text.Json;

namespace Quantization.Orleans;

/// <summary>
/// The members of a cluster in one JSON file of a folder that all see. It is replaced as a whole, and changed by one process at a time,
/// which holds a lock file meanwhile.
/// </summary>
/// <param name="folder">The folder.</param>
internal sealed class MembersFile(string folder)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly string _path = Path.Combine(folder, "members.json");
    private readonly string _lockPath = Path.Combine(folder, "members.lock");

    /// <summary>Reads the members.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<MemberTable> Read()
    {
        if (!File.Exists(_path))
        {
            return Directory.Exists(folder) ? MemberTable.Empty
                : throw new DirectoryNotFoundException(
                    $"{folder}: the folder of the cluster is missing; mount or make it on this machine.");
        }

        try
        {
            byte[] content = await File.ReadAllBytesAsync(_path).ConfigureAwait(false);
            return JsonSerializer.Deserialize<MemberTable>(content) ?? MemberTable.Empty;
        }
        catch (JsonException e)
        {
            throw new IOException($"{_path}: the file of the cluster's members is damaged; end all workers, and delete it.", e);
        }
    }

    /// <summary>Changes the members.</summary>
    /// <param name="change">The new members; null to leave them as they are.</param>
    /// <returns>Whether they were changed.</returns>
    /// <exception cref="IOException">The file cannot be written, or another process holds the lock for long.</exception>
    public async Task<bool> Change(Func<MemberTable, MemberTable?> change)
    {
        using FileStream held = await Lock().ConfigureAwait(false);
        if (change(await Read().ConfigureAwait(false)) is not { } changed)
        {
            return false;
        }

        string next = _path + ".new"; // the lock's holder alone writes it
        await using (FileStream file = new(next, FileMode.Create, FileAccess.Write))
        {
            await JsonSerializer.SerializeAsync(file, changed).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
        return true;
    }

    private async Task<FileStream> Lock()
    {
        DateTime until = DateTime.UtcNow + LongestWait;
        while (true)
        {
            try
            {
                return new FileStream(_lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not DirectoryNotFoundException && DateTime.UtcNow < until)
            {
                await Task.Delay(Random.Shared.Next(5, 30)).ConfigureAwait(false);
            }
        }
    }
}
