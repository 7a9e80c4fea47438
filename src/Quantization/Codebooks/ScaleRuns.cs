using System.Runtime.CompilerServices;

namespace Quantization.Codebooks;

/// <summary>The scales of consecutive elements: the same for each stretch of 2^shift elements.</summary>
/// <param name="scales">The scale of the first stretch, then those of the following ones.</param>
/// <param name="index">
/// The number of the first element, counted from where the scales begin; a multiple of the vectors' length, so that no vector straddles
/// stretches.
/// </param>
/// <param name="shift">log₂ of the stretch, at least 4.</param>
internal readonly unsafe struct ScaleRuns(float* scales, nint index, int shift)
{
    private const int Endless = 62;

    /// <summary>The scale of an element.</summary>
    public float this[nint element]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => scales[(index + element) >> shift];
    }

    /// <summary>The scale of the first element; those of the following stretches lie behind it.</summary>
    public float* First => scales + (index >> shift);

    /// <summary>The number of an element's stretch, counted from that of the first element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint StretchOf(nint element) => ((index & (((nint)1 << shift) - 1)) + element) >> shift;

    /// <summary>The same scale for all elements.</summary>
    public static ScaleRuns One(float* scale) => new(scale, 0, Endless);

    /// <summary>How many elements lie in the first <paramref name="stretches"/>.</summary>
    public nint LengthOf(int stretches) =>
        shift == Endless ? nint.MaxValue : ((nint)stretches << shift) - (index & (((nint)1 << shift) - 1));

    /// <summary>The scales behind the first <paramref name="elements"/>.</summary>
    public ScaleRuns Skip(nint elements) => new(scales, index + elements, shift);
}
