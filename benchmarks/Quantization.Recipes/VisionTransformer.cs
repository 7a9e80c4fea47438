using Quantization.TorchSharp;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>
/// A small vision transformer: 49 patches of 4 × 4 pixels, three layers of four heads, 64 features. Its forward methods say nothing of
/// ONNX.
/// </summary>
internal sealed class VisionTransformer : Module<Tensor, Tensor>
{
    private const int Features = 64, Heads = 4, Layers = 3, Patch = 4, Patches = 49, Classes = 10;

    private readonly Module<Tensor, Tensor> patches = Conv2d(1, Features, Patch, stride: Patch), norm = LayerNorm(Features),
        head = Linear(Features, Classes), layers;
    private readonly Parameter positions = new(torch.randn(1, Patches, Features) * 0.02);

    public VisionTransformer()
        : base(nameof(VisionTransformer))
    {
        layers = Sequential(Enumerable.Range(0, Layers).Select(i => ($"{i}", (Module<Tensor, Tensor>)new Layer())));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor tokens = patches.call(input).flatten(2).transpose(1, 2) + positions;
        return head.call(norm.call(layers.call(tokens)).mean([1])).MoveToOuterDisposeScope();
    }

    private sealed class Layer : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> norm1 = LayerNorm(Features), norm2 = LayerNorm(Features),
            attention = new SelfAttention(Features, Heads);
        private readonly Module<Tensor, Tensor> up = Linear(Features, 4 * Features), down = Linear(4 * Features, Features);

        public Layer()
            : base(nameof(Layer)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor mixed = input + attention.call(norm1.call(input));
            return (mixed + down.call(functional.gelu(up.call(norm2.call(mixed))))).MoveToOuterDisposeScope();
        }
    }
}
