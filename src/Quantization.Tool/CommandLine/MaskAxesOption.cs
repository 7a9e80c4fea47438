using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The option that names which axes of an activation follow the mask of padded samples.</summary>
internal static class MaskAxesOption
{
    /// <summary>The option.</summary>
    public const string Name = "--mask-axes";

    private const string NoBatch = "-", NoAxis = "none";

    /// <summary>Makes the option.</summary>
    public static Option<Dictionary<string, MaskedAxes>?> Create() => new(Name)
    {
        HelpName = "NAME=BATCH,SEQ",
        Description =
            "The axes of an activation that follow the mask, where its shape does not show them: its name, the batch axis or '-', and the "
                + "sequence axes, as in hidden=0,1 or scores=0,2,3; "
            + "NAME=none where no axis follows. Repeat the option for each activation.",
        AllowMultipleArgumentsPerToken = false,
        CustomParser = Parse,
    };

    private static Dictionary<string, MaskedAxes>? Parse(ArgumentResult result)
    {
        Dictionary<string, MaskedAxes> axes = [];
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            int equals = text.LastIndexOf('=');
            if (equals < 1 || Read(text[(equals + 1)..].Split(',')) is not { } read)
            {
                result.AddError($"{Name} {text}: give the name of an activation, '=', the batch axis or '-', and the sequence axes, "
                    + "counted from 0, as in hidden=0,1.");
                return null;
            }

            axes[text[..equals]] = read;
        }

        return axes;
    }

    private static MaskedAxes? Read(string[] parts)
    {
        if (parts is [NoAxis])
        {
            return MaskedAxes.None;
        }

        List<int> axes = [];
        foreach (string part in parts.Skip(parts[0] == NoBatch ? 1 : 0))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int axis))
            {
                return null;
            }

            axes.Add(axis);
        }

        return parts[0] == NoBatch ? new MaskedAxes(null, axes) : new MaskedAxes(axes[0], axes.Skip(1));
    }
}
