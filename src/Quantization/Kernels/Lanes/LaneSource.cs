namespace Quantization.Kernels;

/// <summary>Where the parameters of elements are found: rows of mappings, and the same as columns where each element has its own.</summary>
internal readonly unsafe struct LaneSource
{
    /// <summary>The elements from which a run repays filling registers with its mapping first.</summary>
    public const nint LongRun = 16384;

    /// <summary>One mapping, number 0, for all elements.</summary>
    public LaneSource(MappingParameters* mapping, CodeFormat format)
    {
        Lookup = ParameterLookup.PerRun;
        Rows = mapping;
        (Type, MinCode, MaxCode) = (format.Type, format.MinCode, format.MaxCode);
        NeedsPrescale = mapping->Prescale != 1;
    }

    /// <summary>A mapping for each row of so many elements, whole steps.</summary>
    public LaneSource(MappingParameters* rows, nint count, nint rowLength, CodeFormat format)
    {
        Lookup = ParameterLookup.PerRow;
        Rows = rows;
        RowLength = rowLength;
        ParameterCount = count;
        (Type, MinCode, MaxCode) = (format.Type, format.MinCode, format.MaxCode);
    }

    /// <summary>The table of a quantizer; valid as long as that is alive.</summary>
    public LaneSource(ParameterTable table, in RunLayout layout)
    {
        Lookup = layout.Lookup;
        Rows = table.Rows;
        Columns = table.Columns;
        BlockShift = layout.BlockShift;
        RowLength = layout.RowLength;
        ParameterCount = layout.ParameterCount;
        (Type, MinCode, MaxCode) = (table.Format.Type, table.Format.MinCode, table.Format.MaxCode);
        NeedsPrescale = table.NeedsPrescale;
    }

    public ParameterLookup Lookup { get; }

    /// <summary>The mappings, numbered as parameters are.</summary>
    public MappingParameters* Rows { get; }

    public ParameterPointers Columns { get; }

    /// <summary>log₂ of the block size, where <see cref="Lookup"/> is per block.</summary>
    public int BlockShift { get; }

    /// <summary>The elements of a row, where <see cref="Lookup"/> is per row.</summary>
    public nint RowLength { get; }

    /// <summary>How many mappings there are.</summary>
    public nint ParameterCount { get; }

    /// <summary>How codes are stored.</summary>
    public CodeType Type { get; }

    public int MinCode { get; }

    public int MaxCode { get; }

    /// <summary>Whether any scale is so extreme that values are multiplied by a power of two first.</summary>
    public bool NeedsPrescale { get; }

    /// <summary>
    /// The number of the parameter of element <paramref name="offset"/> of a run whose first has the number <paramref name="index"/>.
    /// </summary>
    public nint ParameterOf(nint index, nint offset) => Lookup switch
    {
        ParameterLookup.PerRun => index,
        ParameterLookup.PerElement => index + offset,
        ParameterLookup.PerBlock => (index + offset) >> BlockShift,
        ParameterLookup.PerRow => (index + offset) / RowLength,
        _ => (index + offset) % ParameterCount,
    };
}
