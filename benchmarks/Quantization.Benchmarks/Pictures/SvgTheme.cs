namespace Quantization.Benchmarks.Pictures;

/// <summary>Which colours a picture has.</summary>
internal enum SvgTheme
{
    /// <summary>Those that the reader's program asks for.</summary>
    Either,

    /// <summary>Dark on light.</summary>
    Light,

    /// <summary>Light on dark.</summary>
    Dark,
}
