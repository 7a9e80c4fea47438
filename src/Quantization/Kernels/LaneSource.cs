namespace Quantization.Kernels;

/// <summary>Where the parameters of a run come from: one mapping, or a pinned table.</summary>
internal readonly struct LaneSource
{
    /// <summary>One mapping for all elements.</summary>
    public LaneSource(in MappingParameters mapping, CodeFormat format)
    {
        Lookup = ParameterLookup.PerRun;
        Mapping = mapping;
        Format = format;
    }

    /// <summary>A mapping for each element, or for each block of <c>1 &lt;&lt; blockShift</c>.</summary>
    public LaneSource(ParameterLookup lookup, in ParameterPointers table, int blockShift, CodeFormat format)
    {
        Lookup = lookup;
        Table = table;
        BlockShift = blockShift;
        Format = format;
    }

    public ParameterLookup Lookup { get; }

    public MappingParameters Mapping { get; }

    public ParameterPointers Table { get; }

    public int BlockShift { get; }

    public CodeFormat Format { get; }

    /// <summary>Scale and zero-point of the element with number <paramref name="index"/>.</summary>
    public unsafe (float Scale, int ZeroPoint) At(nint index)
    {
        if (Lookup == ParameterLookup.PerRun)
        {
            return (Mapping.Scale, Mapping.ZeroPoint);
        }

        nint parameter = index >> BlockShift;
        return (Table.Scales[parameter], Table.ZeroPoints[parameter]);
    }
}
