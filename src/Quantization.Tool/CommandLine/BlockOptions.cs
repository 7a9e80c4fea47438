using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The options that say how weights are stored.</summary>
internal sealed class BlockOptions
{
    private const string NBits = "matmul-nbits", Qdq = "qdq";
    private const string BitsName = "--bits", TableBitsName = "--table-bits", BlockName = "--block", FormName = "--form",
        SymmetricName = "--symmetric", LevelName = "--accuracy-level";

    private const string MethodName = "--method", MaxBytesName = "--max-bytes", PerWeightName = "--bits-per-weight";

    private static readonly string[] Methods =
        [.. Enum.GetValues<WeightMethod>().Select(method => PlanNames.Of(PlanNames.Methods, method))];

    private readonly Option<int> _bits = new(BitsName)
    {
        HelpName = "2|4|8",
        Description = "The bits of weights. With fewer than 8, weights are stored in blocks that have a scale each.",
        DefaultValueFactory = _ => 8,
        CustomParser = result => ParseBits(result, BitsName),
    };

    private readonly Option<int> _tableBits = new(TableBitsName)
    {
        HelpName = "2|4|8",
        Description = "The bits of embedding tables. A table that the model also multiplies by takes --bits.",
        DefaultValueFactory = _ => 8,
        CustomParser = result => ParseBits(result, TableBitsName),
    };

    private readonly Option<int?> _block = new(BlockName)
    {
        HelpName = "16|32|64|128|256",
        Description = "How many weights a block has. [default: 32 for 2 and 4 bits; for 8 bits one scale per output channel]",
        CustomParser = ParseBlock,
    };

    private readonly Option<bool> _symmetric = new(
        SymmetricName) { Description = "Store blocks without zero points: a little smaller and less accurate." };

    private readonly Option<string> _form = new(FormName)
    {
        HelpName = $"{NBits}|{Qdq}",
        Description = $"The operators that read blocks: ONNX Runtime's own ({NBits}, the default), which ONNX Runtime GenAI takes too, or "
            + $"DequantizeLinear of operator set 21 ({Qdq}).",
    };

    private readonly Option<int> _level = new(LevelName)
    {
        HelpName = "0-4",
        Description = "What MatMulNBits may round its input to: 4 is int8 in blocks, the fastest; 0 and 1 keep 32-bit floats.",
        DefaultValueFactory = _ => BlockLayout.UsualAccuracyLevel,
        CustomParser = ParseLevel,
    };

    private readonly Option<string> _method = new(MethodName)
    {
        HelpName = string.Join('|', Methods),
        Description = "How weights are rounded: to the nearest code (nearest, the default); to the nearest code, with "
            + "the range of each block "
            + "chosen for the least error of the layer's outputs (weighted); like weighted, with important inputs scaled up (awq); "
            + "one after another, so that later weights make up for the errors of earlier ones (gptq, usually the most accurate); or "
            + "both (awq+gptq). All but nearest calibrate on --data.",
    };

    private readonly Option<long?> _maxBytes = new(MaxBytesName)
    {
        HelpName = "N|500KB|1.2GB",
        Description = "The maximum size of the file: each matrix gets 2, 4 or 8 bits, so that the total error is the "
            + "smallest that fits into "
            + "this size. KB, MB and GB are thousands, KiB, MiB and GiB steps of 1,024.",
        CustomParser = ParseBytes,
    };

    private readonly Option<double?> _perWeight = new(PerWeightName)
    {
        HelpName = "2-8",
        Description =
            "Like --max-bytes, but as the average bits per weight of the matrices, such as 3.5; scales and zero points come on top.",
        CustomParser = ParsePerWeight,
    };

    private readonly Option<string> _resume = new("--resume")
    {
        HelpName = "DIR",
        Description = "A folder that keeps the codes of each layer. After an interruption the same command goes on "
            + "from there. The folder is "
            + "not deleted, so that runs with other options can reuse layers that stay the same.",
    };

    private readonly Option<string> _evaluate = new("--evaluate")
    {
        HelpName = "DIR",
        Description = "The folder of samples to measure on instead of --data. Figures are unbiased only on samples "
            + "that were not used to round "
            + "the weights. --labels then belong to these samples.",
    };

    public BlockOptions()
    {
        _form.AcceptOneOf(NBits, Qdq);
        _method.AcceptOneOf(Methods);
    }

    /// <summary>The options.</summary>
    public Option[] All => [_bits, _block, _tableBits, _symmetric, _form, _level, _method, _maxBytes, _perWeight, _resume, _evaluate];

    /// <summary>The folder of samples to measure on; null for those of --data.</summary>
    public string? ReadEvaluation(ParseResult parsed) => parsed.GetValue(_evaluate);

    /// <summary>What they ask for.</summary>
    /// <exception cref="UsageException">Options do not go together.</exception>
    public WeightOnlyOptions Read(ParseResult parsed)
    {
        WeightOnlyOptions options = new()
        {
            Bits = parsed.GetValue(_bits),
            BlockSize = parsed.GetValue(_block),
            TableBits = parsed.GetValue(_tableBits),
            BlockScheme = parsed.GetValue(_symmetric) ? QuantizationScheme.Symmetric : QuantizationScheme.Affine,
            Form = parsed.GetValue(_form) == Qdq ? BlockForm.DequantizeLinear : BlockForm.MatMulNBits,
            AccuracyLevel = parsed.GetValue(_level),
            Method = MethodOf(parsed.GetValue(_method)),
            MaxBytes = parsed.GetValue(_maxBytes),
            BitsPerWeight = parsed.GetValue(_perWeight),
            ResumePath = parsed.GetValue(_resume),
        };
        Option[] amounts = [.. ((Option[])[_bits, _maxBytes, _perWeight]).Where(option => parsed.GetResult(option) is { Implicit: false })];
        if (amounts.Length > 1)
        {
            throw new UsageException($"{amounts[0].Name} and {amounts[1].Name} both say how many bits weights get; leave one of them out.");
        }

        Option[] ofBlocks = [_tableBits, _symmetric, _form, _level, _method, _resume];
        if (!options.HasBlocks && Array.Find(ofBlocks, option => parsed.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new UsageException($"{given.Name} goes with weights in blocks: give {BlockName} or fewer bits too.");
        }

        if (options is { Form: BlockForm.DequantizeLinear, Bits: 2 })
        {
            throw new UsageException($"{FormName} {Qdq} has no codes of 2 bits; give {FormName} {NBits}, or {BitsName} 4.");
        }

        return options;
    }

    private static WeightMethod MethodOf(string? name) =>
        name is null ? WeightMethod.Nearest : PlanNames.Methods[name];

    private static int ParseBits(ArgumentResult result, string name)
    {
        string token = CommonOptions.Token(result);
        if (int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits is 2 or 4 or 8)
        {
            return bits;
        }

        string wayOut = bits == 3 ? "ONNX Runtime multiplies by weights of 2, 4 and 8 bits; give 4, or 2 where size is all that counts"
            : token.StartsWith("nf", StringComparison.OrdinalIgnoreCase) ? "ONNX Runtime has no product with codebooks; give 4"
            : "give 2, 4 or 8";
        result.AddError($"{name} '{token}' is not supported; {wayOut}.");
        return 0;
    }

    private static long? ParseBytes(ArgumentResult result)
    {
        string token = CommonOptions.Token(result);
        if (ByteCount.Parse(token) is { } bytes)
        {
            return bytes;
        }

        result.AddError($"{MaxBytesName} '{token}' is no number of bytes, such as 1500000, 500MB or 1.2GiB.");
        return null;
    }

    private static double? ParsePerWeight(ArgumentResult result)
    {
        string token = CommonOptions.Token(result);
        if (double.TryParse(token, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double bits) && bits is >= 2 and <= 8)
        {
            return bits;
        }

        result.AddError($"{PerWeightName} '{token}' is no number from 2 to 8, such as 3.5.");
        return null;
    }

    private static int? ParseBlock(ArgumentResult result)
    {
        string token = CommonOptions.Token(result);
        if (int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && BlockLayout.IsSize(size))
        {
            return size;
        }

        result.AddError($"{BlockName} '{token}' is not supported; give {string.Join(", ", BlockLayout.Sizes[..^1])} or "
            + $"{BlockLayout.Sizes[^1].ToString(CultureInfo.InvariantCulture)}.");
        return null;
    }

    private static int ParseLevel(ArgumentResult result)
    {
        string token = CommonOptions.Token(result);
        if (int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out int level) && level <= BlockLayout.UsualAccuracyLevel)
        {
            return level;
        }

        result.AddError($"{LevelName} '{token}' is not 0 to 4.");
        return 0;
    }
}
