using Quantization.Fuzz.Campaigns;

namespace Quantization.Fuzz.Faults;

/// <summary>What may be in the folders of a run that something went wrong with.</summary>
internal static class OutputCheck
{
    /// <summary>A file is the one that was there before or the whole new one.</summary>
    /// <exception cref="FindingException">It is neither.</exception>
    public static void ThrowUnlessOldOrNew(ToolFolder folder, string output, byte[] wanted)
    {
        string path = folder.PathOf(output);
        byte[]? found = File.Exists(path) ? File.ReadAllBytes(path) : null;
        bool isOld = found is null
            ? !ToolCase.HasEarlier(output)
            : ToolCase.HasEarlier(output) && found.AsSpan().SequenceEqual(ToolCase.Earlier);
        if (!isOld && !(found is not null && IsWhole(output, found, wanted)))
        {
            throw new FindingException($"'{output}' is neither old nor new: {(found is null ? "it is missing" : $"{found.Length} bytes")}");
        }
    }

    /// <summary>All outputs are there, with nothing beside them, no temporary file is left, and inputs are what they were.</summary>
    /// <exception cref="FindingException">Something else is the case.</exception>
    public static void ThrowUnlessSame(ToolFolder folder, ToolCase command, Dictionary<string, byte[]> wanted)
    {
        Dictionary<string, byte[]> found = folder.Outputs();
        ThrowIfAny("left beside the outputs", found.Keys.Except(wanted.Keys));
        ThrowIfAny("missing", wanted.Keys.Except(found.Keys));
        ThrowIfAny("other bytes than without", command.Outputs.Where(output => !IsWhole(output, found[output], wanted[output])));
        ThrowIfChanged(folder);
    }

    /// <summary>Nothing was written: files are the earlier ones. What the message names as kept may be there.</summary>
    /// <exception cref="FindingException">Something was.</exception>
    public static void ThrowUnlessUntouched(ToolFolder folder, ToolCase command, string message)
    {
        Dictionary<string, byte[]> found = folder.Outputs()
            .Where(each => !message.Contains($"{each.Key} hold", StringComparison.Ordinal)).ToDictionary();
        string[] earlier = [.. command.Outputs.Where(ToolCase.HasEarlier)];
        ThrowIfAny("missing", earlier.Where(output => !found.ContainsKey(output)));
        ThrowIfAny("overwritten", earlier.Where(output => !found[output].AsSpan().SequenceEqual(ToolCase.Earlier)));
        ThrowIfAny("left behind", found.Keys.Except(earlier).Except(earlier.Select(output => Path.GetDirectoryName(output)!)));
        ThrowIfChanged(folder);
    }

    private static void ThrowIfChanged(ToolFolder folder)
    {
        ThrowIfAny("left among temporary files", folder.TemporaryFiles());
        if (folder.FindChangedInput() is { } changed)
        {
            throw new FindingException(changed);
        }
    }

    private static void ThrowIfAny(string what, IEnumerable<string> names)
    {
        string all = string.Join(", ", names);
        if (all.Length > 0)
        {
            throw new FindingException($"{what}: {all}");
        }
    }

    private static bool IsWhole(string output, byte[] found, byte[] wanted) => ToolCase.IsRepeatable(output)
        ? found.AsSpan().SequenceEqual(wanted)
        : found.AsSpan().TrimEnd((byte)'\n').EndsWith("</html>"u8);
}
