using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Onnx;

/// <summary>What this machine's processor means for int8.</summary>
internal static class Processor
{
    /// <summary>The largest weight code whose products with bytes fit into 16 bits two at a time: 2 · 255 · 63 &lt; 2¹⁵.</summary>
    private const int LargestSafeWeight = 63;

    /// <summary>The most bits of weights whose codes do not pass it.</summary>
    private const int SafeBits = 7;

    /// <summary>Leaf 7 of CPUID: AVX512_VNNI, and AVX-VNNI one subleaf further.</summary>
    private const int Leaf = 7, Avx512Vnni = 1 << 11, AvxVnni = 1 << 4;

    /// <summary>
    /// What the user should know: without VNNI, 8-bit weights can saturate, and are no faster than they would be with 7 bits.
    /// </summary>
    public static IEnumerable<Advice> Warn(PtqOptions options) => Warn(options, HasExactProducts());

    /// <summary>The same of a plan: weights beside inputs in float are not multiplied by bytes.</summary>
    public static IEnumerable<Advice> Warn(QuantizationPlan plan, PtqOptions options) =>
        MultipliesCodes(plan) ? Warn(options) : [];

    private static bool MultipliesCodes(QuantizationPlan plan) =>
        plan.Nodes.Any(node => node.Weights is not null && node.Inputs.Length > 0) || plan.Bodies.Any(body => MultipliesCodes(body.Plan));

    /// <summary>The same for any processor.</summary>
    public static IEnumerable<Advice> Warn(PtqOptions options, bool hasExactProducts)
    {
        if (!hasExactProducts && options.ActivationFormat.Type == CodeType.UInt8 && options.WeightFormat.MaxCode > LargestSafeWeight)
        {
            yield return SpeedAdvice.ProductsSaturate(SafeBits);
        }
    }

    /// <summary>Whether products of codes are added in 32 bits: x86-64 with VNNI, and every other architecture.</summary>
    public static bool HasExactProducts() =>
        RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.X86)
        || (X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= Leaf
            && ((X86Base.CpuId(Leaf, 0).Ecx & Avx512Vnni) != 0 || (X86Base.CpuId(Leaf, 1).Eax & AvxVnni) != 0));
}
