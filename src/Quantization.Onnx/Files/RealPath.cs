namespace Quantization.Onnx;

/// <summary>
/// Paths without links. .NET follows the links of a path's last part alone, so a link to a folder in its middle goes unnoticed.
/// </summary>
internal static class RealPath
{
    /// <summary>As many links as Linux follows.</summary>
    private const int MaxLinks = 40;

    /// <summary>The path with every link in it resolved; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">Links lead to each other without end.</exception>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full)!;
        Stack<string> rest = new(Parts(full[real.Length..]));
        int links = 0;
        while (rest.TryPop(out string? part))
        {
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            string next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"{path}: more than {MaxLinks} links lead to each other; repair them.");
            }

            if (Path.IsPathRooted(target))
            {
                real = Path.GetPathRoot(target)!;
                target = target[real.Length..];
            }

            foreach (string step in Parts(target))
            {
                rest.Push(step);
            }
        }

        return real;
    }

    /// <summary>The parts of a path, the last first.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(part => part != ".").Reverse();
}
