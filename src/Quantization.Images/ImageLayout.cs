namespace Quantization.Images;

/// <summary>The order of an image tensor's axes.</summary>
public enum ImageLayout
{
    /// <summary>Batch, channels, height, width: PyTorch's order.</summary>
    Nchw,

    /// <summary>Batch, height, width, channels: TensorFlow's order.</summary>
    Nhwc,
}
