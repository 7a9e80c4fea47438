using Microsoft.Extensions.Options;
using Quantization.Onnx;

namespace Quantization.Hosting;

/// <summary>Refuses options that would fail a call later.</summary>
internal sealed class ModelQuantizerOptionsCheck : IValidateOptions<ModelQuantizerOptions>
{
    /// <inheritdoc />
    public ValidateOptionsResult Validate(string? name, ModelQuantizerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] failures = [.. FindFailures(options).Select(failure => $"The quantizer '{name}': {failure}")];
        return failures is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FindFailures(ModelQuantizerOptions options)
    {
        if (!Enum.IsDefined(options.Way))
        {
            yield return $"Way is {options.Way}; take one of {string.Join(", ", Enum.GetNames<QuantizationWay>())}.";
        }

        if (options.MaxConcurrency < 1)
        {
            yield return $"MaxConcurrency is {options.MaxConcurrency}; take 1 or more.";
        }

        if (options.ProgressInterval < TimeSpan.Zero)
        {
            yield return $"ProgressInterval is {options.ProgressInterval}; take zero or more.";
        }

        (string Name, object? Value)[] parts =
        [
            (nameof(options.Static), options.Static),
            (nameof(options.Dynamic), options.Dynamic),
            (nameof(options.Weights), options.Weights),
            (nameof(options.Half), options.Half), (nameof(options.Auto), options.Auto),
        ];
        foreach ((string part, _) in parts.Where(part => part.Value is null))
        {
            yield return $"{part} is null; leave it at its default, or give options.";
        }

        if (options.Weights is not null)
        {
            foreach (string failure in FindFailures(options.Way, options.Weights))
            {
                yield return failure;
            }
        }
    }

    private static IEnumerable<string> FindFailures(QuantizationWay way, WeightOnlyOptions weights)
    {
        if (weights is { MaxBytes: not null, BitsPerWeight: not null })
        {
            yield return "Weights names both MaxBytes and BitsPerWeight; give one of them.";
        }

        if (way == QuantizationWay.WeightsInt8 && weights.Bits != 8)
        {
            yield return $"Way is WeightsInt8, but Weights.Bits is {weights.Bits}; take WeightsInt4, or 8 bits.";
        }

        if (weights is { Form: BlockForm.DequantizeLinear, Bits: 2 })
        {
            yield return "Weights.Form is DequantizeLinear, which has no codes of 2 bits; take MatMulNBits, or 4 bits.";
        }
    }
}
