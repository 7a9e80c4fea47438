using System.Globalization;

namespace Quantization.Tool;

/// <summary>What Linux lets this process have at most. Too little shows as failures that have nothing to do with a model.</summary>
/// <param name="Handles">How many files may be open at a time; null where that is not limited or not known.</param>
/// <param name="Addresses">The bytes of memory that may be mapped; null where that is not limited or not known.</param>
/// <param name="ManagedBytes">What the environment limits .NET's memory to; null where it does not.</param>
internal sealed record ProcessLimits(long? Handles, long? Addresses, string? ManagedBytes)
{
    /// <summary>With fewer, libraries cannot be loaded, and native code crashes.</summary>
    private const int FewestHandles = 128;

    /// <summary>With fewer, many threads or many files at a time may not do.</summary>
    private const int FewHandles = 1024;

    private const string LimitsPath = "/proc/self/limits";
    private const string ManagedVariable = "DOTNET_GCHeapHardLimit";

    /// <summary>The limits of this process.</summary>
    public static ProcessLimits Current { get; } = Read();

    /// <summary>Why the tool cannot work with these limits; null where it can.</summary>
    public string? Obstacle => Handles < FewestHandles
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"a process may open {Handles} files at a time here, which is too few; raise the limit, as with 'ulimit -n {FewHandles}'.")
        : null;

    /// <summary>What to try after a failure that a limit may have led to; empty where there is no such limit.</summary>
    public string Hint => string.Concat(
        Handles < FewHandles
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" A process may open {Handles} files at a time here, which may be why; raise the limit, as with 'ulimit -n {FewHandles}'.")
            : "",
        Addresses is not null || ManagedBytes is not null
            ? $" The memory of a process is limited here ({(Addresses is null ? ManagedVariable : "ulimit -v")}), which may be why; raise "
                + "the limit, or use fewer threads."
            : "");

    /// <summary>Reads what Linux tells of a process.</summary>
    /// <param name="lines">The lines of <c>/proc/PROCESS/limits</c>.</param>
    /// <param name="managedBytes">What the environment limits .NET's memory to.</param>
    public static ProcessLimits Parse(IReadOnlyList<string> lines, string? managedBytes) =>
        new(Find(lines, "Max open files"), Find(lines, "Max address space"), managedBytes);

    private static ProcessLimits Read()
    {
        try
        {
            return Parse(
                OperatingSystem.IsLinux() ? File.ReadAllLines(LimitsPath) : [], Environment.GetEnvironmentVariable(ManagedVariable));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Parse([], null); // a system without /proc
        }
    }

    /// <summary>The first number of a line: the limit in force, before the one that it may be raised to.</summary>
    private static long? Find(IEnumerable<string> lines, string name) =>
        lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } found
        && long.TryParse(
            found[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long limit)
            ? limit
            : null;
}
