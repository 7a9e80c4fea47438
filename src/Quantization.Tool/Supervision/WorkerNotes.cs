namespace Quantization.Tool;

/// <summary>What a child process told before it ended.</summary>
internal sealed class WorkerNotes
{
    private readonly List<string> _folders = [];

    /// <summary>What the child was doing last; null where it did not say.</summary>
    public string? Step { get; private set; }

    /// <summary>Reads notes until the child ends.</summary>
    public static WorkerNotes Read(Stream stream)
    {
        WorkerNotes notes = new();
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is { } line)
        {
            notes.Take(line);
        }

        return notes;
    }

    /// <summary>Removes the folders of unfinished files that the child left.</summary>
    public void RemoveFolders()
    {
        foreach (string folder in _folders.Where(Directory.Exists))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next run to the same output removes it.
            }
        }
    }

    private void Take(string line)
    {
        if (line.StartsWith(WorkerLink.Folder))
        {
            _folders.Add(line[1..]);
        }
        else if (line.StartsWith(WorkerLink.Step))
        {
            Step = line[1..];
        }
    }
}
