using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Layers;

internal static class ModuleExtensions
{
    public static Module<Tensor, Tensor> train_(this Module<Tensor, Tensor> module)
    {
        module.train();
        return module;
    }

    public static Module<Tensor, Tensor> eval_(this Module<Tensor, Tensor> module)
    {
        module.eval();
        return module;
    }
}
