namespace Quantization.Images;

/// <summary>How an image comes to the size that a model takes.</summary>
public enum ImageFit
{
    /// <summary>Resized to the size, whatever that does to its proportions.</summary>
    Stretch,

    /// <summary>
    /// Resized in proportion until it just covers the size, then cut about its centre: torchvision's Resize and CenterCrop.
    /// </summary>
    CenterCrop,
}
