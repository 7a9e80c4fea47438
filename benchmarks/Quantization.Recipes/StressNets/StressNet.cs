using Quantization.Onnx;
using Quantization.Onnx.Protos;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>A small net that static int8 with one range for everything seen makes worse than it need be.</summary>
/// <param name="name">What its file is called.</param>
internal abstract class StressNet(string name) : Module<Tensor, Tensor>(name)
{
    /// <summary>What the file is called.</summary>
    public string FileName => $"{GetName()}.onnx";

    /// <summary>The trained net as a float model that takes pixels from 0 to 1, or bytes.</summary>
    public abstract ModelProto Export();

    /// <summary>An image as an input of the exported model.</summary>
    /// <param name="pixels">The pixels, 0 to 1.</param>
    public virtual SampleTensor MakeInput(float[] pixels) => SampleTensor.Create<float>("image", pixels, 1, 28, 28);
}
