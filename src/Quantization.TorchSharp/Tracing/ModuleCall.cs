using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>One call of a module that was seen while its model ran.</summary>
/// <param name="Module">The module.</param>
/// <param name="Input">A copy of its input.</param>
internal sealed record ModuleCall(torch.nn.Module<Tensor, Tensor> Module, Tensor Input)
{
    /// <summary>A copy of its result; null until the call ends.</summary>
    public Tensor? Output { get; set; }

    /// <summary>The calls of other modules that it made itself, in their order.</summary>
    public List<ModuleCall> Inner { get; } = [];
}
