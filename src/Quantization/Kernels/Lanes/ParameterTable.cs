using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.Kernels;

/// <summary>
/// The mappings of all groups, made once for a quantizer: as rows, where a run or a block takes one mapping, which then lies in one cache
/// line; and as columns, a vector of elements each with its own mapping. Neither ever moves.
/// </summary>
internal sealed unsafe class ParameterTable
{
    /// <summary>The elements of the longest step of a map, which may read on past the last parameter.</summary>
    private const int Padding = 64;

    /// <summary>The elements of a cache line.</summary>
    private const int LineLength = 16;

    /// <summary>Repeated mappings are to stay in the first-level cache.</summary>
    private const int LongestRepetition = 1024;

    private readonly MappingParameters[] _rows;

    /// <summary>The columns, one after another; referenced to keep them alive.</summary>
    private readonly float[] _columns;

    public ParameterTable(ReadOnlySpan<float> scales, ReadOnlySpan<int> zeroPoints, CodeFormat format)
    {
        Format = format;
        int length = scales.Length + Padding;
        _rows = GC.AllocateArray<MappingParameters>(length, pinned: true);
        for (int i = 0; i < scales.Length; i++)
        {
            _rows[i] = new MappingParameters(scales[i], zeroPoints[i], format);
            NeedsPrescale |= _rows[i].Prescale != 1;
        }

        Rows = (MappingParameters*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_rows));
        // Columns begin at cache lines: a vector across two of them takes two reads. They repeat the mappings as often as makes whole
        // steps.
        nint columnLength = Math.Max(scales.Length, PeriodOf(scales.Length));
        nint stride = (columnLength + Padding + LineLength - 1) / LineLength * LineLength;
        _columns = GC.AllocateArray<float>(checked((int)(ParameterPointers.Count * stride + LineLength)), pinned: true);
        nint first = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_columns));
        Columns = new ParameterPointers((float*)(first + (-first & (LineLength * sizeof(float) - 1))), stride);
        for (int i = 0; i < columnLength; i++)
        {
            Columns.Set(i, _rows[i % scales.Length]);
        }
    }

    public CodeFormat Format { get; }

    /// <summary>
    /// The smallest multiple of so many mappings, and of the longest step, that columns repeat after; 0 where it is too long to be worth
    /// while.
    /// </summary>
    public static nint PeriodOf(nint mappings)
    {
        nint period = mappings;
        while (period % Padding != 0 && period < LongestRepetition)
        {
            period += mappings;
        }

        return period % Padding == 0 ? period : 0;
    }

    /// <summary>The mappings; valid as long as this object is alive.</summary>
    public MappingParameters* Rows { get; }

    /// <summary>The same mappings by columns; valid as long as this object is alive.</summary>
    public ParameterPointers Columns { get; }

    /// <summary>Whether any scale is so extreme that values are multiplied by a power of two first.</summary>
    public bool NeedsPrescale { get; }
}
