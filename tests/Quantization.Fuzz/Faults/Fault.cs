namespace Quantization.Fuzz.Faults;

/// <summary>Something that goes wrong with the system that a command runs on.</summary>
/// <param name="Name">What.</param>
/// <param name="Script">What makes it so, for a shell in name spaces of its own: "$OUT" and "$TMPDIR" are the folders.</param>
/// <param name="Scene">Which folder the message has to name.</param>
internal sealed record Fault(string Name, string Script, FaultScene Scene)
{
    /// <summary>Runs the command and copies what it leaves out of the name space.</summary>
    private const string Ending = "; \"$@\"; code=$?; cp -a \"$OUT\" \"$LEFT/out\" && cp -a \"$TMPDIR\" \"$LEFT/tmp\"; exit $code";

    /// <summary>All faults.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. ((int[])[8, 24, 64, 160, 400])
            .Select(size => new Fault($"disk with {size} KB", Mount("OUT", $"size={size}k"), FaultScene.Output)),
        .. ((int[])[4, 16, 64, 400])
            .Select(size => new Fault($"disk for temporary files with {size} KB", Mount("TMPDIR", $"size={size}k"), FaultScene.Temporary)),
        new("read-only outputs", ReadOnly("OUT"), FaultScene.Output),
        new("read-only temporary files", ReadOnly("TMPDIR"), FaultScene.Temporary),
        new("read-only inputs", ReadOnly("IN") + " && mount -t tmpfs none \"$OUT\" && mount -t tmpfs none \"$TMPDIR\"", FaultScene.None),
        .. ((int[])[16, 24, 32, 48, 64, 80, 100, 130, 160, 200])
            .Select(count => new Fault($"{count} file handles", $"ulimit -n {count}", FaultScene.Handles)),
        .. ((string[])["400000", "800000", "1200000", "2000000", "4000000"]).Select(
            heap => new Fault($"0x{heap} bytes of managed memory", $"export DOTNET_GCHeapHardLimit=0x{heap}", FaultScene.Memory)),
        .. ((int[])[300, 400, 500, 600, 700, 900]).Select(
            size => new Fault(
                $"{size} MB of addresses", $"export DOTNET_GCHeapHardLimit=0x4000000; ulimit -v {size}000", FaultScene.Memory)),
    ];

    /// <summary>The script with the command in it.</summary>
    public string Whole => Script + Ending;

    private static string Mount(string folder, string options) =>
        $"cp -a \"${folder}\" \"$LEFT/before\" && mount -t tmpfs -o {options} none \"${folder}\" && cp -a \"$LEFT/before\"/. \"${folder}\" "
            + "&& rm -r \"$LEFT/before\" && cd \"$OUT\"";

    private static string ReadOnly(string folder) =>
        $"mount --bind \"${folder}\" \"${folder}\" && mount -o remount,bind,ro \"${folder}\" && cd \"$OUT\"";
}
