namespace Quantization.Images;

/// <summary>Which channels of an image a model takes, in which order.</summary>
public enum ImageChannels
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as OpenCV reads images.</summary>
    Bgr,

    /// <summary>One channel, the luma of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.</summary>
    Grey,
}
