using Quantization.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>
/// The nets: three convolutions and a linear layer, without depthwise convolutions, which libtorch computes slowly on a CPU.
/// </summary>
internal static class Classifiers
{
    /// <summary>66,154 parameters.</summary>
    public static Module<Tensor, Tensor> Float() => Float(32);

    /// <summary>The same with twice as many channels: 257,866 parameters.</summary>
    public static Module<Tensor, Tensor> Wide() => Float(64);

    private static Module<Tensor, Tensor> Float(int channels) => Sequential(
        ("conv1", Conv2d(1, channels, 3, stride: 2, padding: 1, bias: false)), ("norm1", BatchNorm2d(channels)), ("relu1", ReLU()),
        ("conv2", Conv2d(channels, 2 * channels, 3, stride: 2, padding: 1, bias: false)),
        ("norm2", BatchNorm2d(2 * channels)),
        ("relu2", ReLU()),
        ("conv3", Conv2d(2 * channels, 2 * channels, 3, stride: 2, padding: 1, bias: false)),
        ("norm3", BatchNorm2d(2 * channels)),
        ("relu3", ReLU()),
        ("flatten", Flatten()), ("linear", Linear(32 * channels, 10)));

    /// <summary>The same with binary weights and activations in the inner convolutions, twice as wide.</summary>
    public static Module<Tensor, Tensor> Xnor() => Sequential(
        ("conv1", Conv2d(1, 64, 3, stride: 2, padding: 1, bias: false)), ("norm1", BatchNorm2d(64)),
        ("conv2", new XnorConv2d(Conv2d(64, 128, 3, stride: 2, padding: 1, bias: false))), ("norm2", BatchNorm2d(128)),
        ("conv3", new XnorConv2d(Conv2d(128, 128, 3, stride: 2, padding: 1, bias: false))), ("norm3", BatchNorm2d(128)), ("relu3", ReLU()),
        ("flatten", Flatten()), ("linear", Linear(2048, 10)));

    /// <summary>As is usual below 8 bits, the first and the last layer keep 8.</summary>
    public static QatOptions Options(int weightBits, int activationBits) => weightBits == 8 && activationBits == 8
        ? new QatOptions()
        : new QatOptions
        {
            Default = LayerQuantization.Learned(weightBits, activationBits),
            Layers = new Dictionary<string, LayerQuantization?>
            {
                ["conv1"] = LayerQuantization.EightBits,
                ["linear"] = LayerQuantization.EightBits
            },
        };
}
