using System.CommandLine;

namespace Quantization.Tool;

/// <summary>The option that names the folder where workers are.</summary>
internal static class ClusterOption
{
    public const string Name = "--cluster";

    /// <summary>The option of commands that calibrate or try models.</summary>
    public static Option<string> Create() => new(Name)
    {
        HelpName = "FOLDER",
        Description = "Calibrate and try models on the workers that 'quantize worker --cluster FOLDER' started, on this machine or others "
            + "that see the same folder. The result is the same. [default: this process alone]",
    };
}
