namespace Quantization.Reporting;

/// <summary>What the colour of a row means; pictures use the same colours.</summary>
internal enum RowMark
{
    /// <summary>Nothing special.</summary>
    None,

    /// <summary>The model that was kept or written, the way that was used.</summary>
    Kept,

    /// <summary>What loses most.</summary>
    Harmful,

    /// <summary>What stays in float.</summary>
    InFloat,
}
