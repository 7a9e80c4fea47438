using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// The files of a folder and its subfolders. Links to folders are followed, as people put data sets together with them, but none that leads
/// back to a folder on the way: such a loop has no end.
/// </summary>
internal static class FolderTree
{
    /// <summary>The most folders that are looked into. Links to folders of links can make a few folders look like 2ⁿ.</summary>
    private const int MaxFolders = 250_000;

    private static readonly EnumerationOptions Visible = new();
    private static readonly EnumerationOptions WithHidden = new() { AttributesToSkip = 0 };

    /// <summary>The paths of the files, in no particular order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="mostFolders">The most folders that are looked into.</param>
    /// <param name="includesHidden">Whether hidden files and folders count.</param>
    /// <exception cref="IOException">There are more folders than any data set has.</exception>
    public static IEnumerable<string> EnumerateFiles(string folder, int mostFolders = MaxFolders, bool includesHidden = false)
    {
        EnumerationOptions options = includesHidden ? WithHidden : Visible;
        Stack<(string Path, Ancestor? Above)> left = new([(folder, null)]);
        for (int looked = 0; left.TryPop(out (string Path, Ancestor? Above) next); looked++)
        {
            if (looked == mostFolders)
            {
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{folder}: it has more than {mostFolders} folders inside, perhaps by way of links; name a folder with fewer."));
            }

            Ancestor here = new(FileIdentity.Of(next.Path), next.Above);
            foreach (string file in Directory.EnumerateFiles(next.Path, "*", options))
            {
                yield return file;
            }

            foreach (string inside in Directory.EnumerateDirectories(next.Path, "*", options))
            {
                if (!here.Includes(FileIdentity.Of(inside)))
                {
                    left.Push((inside, here));
                }
            }
        }
    }

    /// <summary>A folder on the way, and those above it.</summary>
    private sealed record Ancestor(FileIdentity? Identity, Ancestor? Above)
    {
        public bool Includes(FileIdentity? identity)
        {
            for (Ancestor? each = this; each is not null; each = each.Above)
            {
                if (identity is not null && each.Identity == identity)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
