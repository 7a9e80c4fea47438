using Quantization.Onnx.Protos;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>
/// A DenseNet (Huang et al., 2017): each layer is BatchNorm, ReLU, Conv and reads all earlier ones of its block by way of concatenations.
/// The channels of the stem differ by a factor of up to 64, less than they do in a DenseNet-121 trained on ImageNet, and one range holds
/// them all.
/// </summary>
internal sealed class DenseNet : StressNet
{
    private const int Stem = 16, Growth = 12, Layers = 4, Transition = 32;
    private const double Unevenness = 64, Epsilon = 1e-5;

    private readonly Conv2d _stem = Conv2d(1, Stem, 3, padding: 1, bias: false);
    private readonly BatchNorm2d _stemNorm = BatchNorm2d(Stem);
    private readonly ModuleList<BatchNorm2d> _norms;
    private readonly ModuleList<Conv2d> _convs;
    private readonly Linear _linear;

    public DenseNet()
        : base("densenet")
    {
        // The layers of the first block, the transition, the layers of the second block; then the last normalization alone.
        int[] inputs = [.. Block(Stem), Stem + (Layers * Growth), .. Block(Transition), Transition + (Layers * Growth)];
        _norms = new ModuleList<BatchNorm2d>([.. inputs.Select(count => BatchNorm2d(count, eps: Epsilon))]);
        _convs = new ModuleList<Conv2d>([.. inputs.SkipLast(1).Select((count, i) => i == Layers ? Narrowing(count) : Growing(count))]);
        _linear = Linear(inputs[^1], 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor features = functional.max_pool2d(functional.relu(_stemNorm.forward(_stem.forward(FashionMnist.ToPixels(input)))), 2);
        for (int i = 0; i < _convs.Count; i++)
        {
            Tensor made = _convs[i].forward(functional.relu(_norms[i].forward(features)));
            features = i == Layers ? functional.avg_pool2d(made, 2) : torch.cat([features, made], 1);
        }

        return _linear.forward(functional.relu(_norms[^1].forward(features)).mean([2, 3]));
    }

    public override ModelProto Export()
    {
        float[] factors = Channels.Factors(Stem, Unevenness);
        OnnxGraph graph = new(GetName(), "image", TensorProto.Types.DataType.Float, 1, 28, 28);
        string features = graph.Conv("image", Channels.Of(_stem.weight!), null, 1, 1);
        features = Normalize(graph, features, _stemNorm, outputs: factors);
        features = graph.Pool("MaxPool", graph.Node("Relu", [features]));
        for (int i = 0; i < _convs.Count; i++)
        {
            string normalized = graph.Node("Relu", [Normalize(graph, features, _norms[i], inputs: i <= Layers ? factors : [])]);
            string made = graph.Conv(normalized, Channels.Of(_convs[i].weight!), null, 1, i == Layers ? 0 : 1);
            features = i == Layers ? graph.Pool("AveragePool", made) : graph.Concat(features, made);
        }

        graph.Classifier(graph.Node("GlobalAveragePool", [graph.Node("Relu", [Normalize(graph, features, _norms[^1])])]), _linear);
        return graph.Model;
    }

    private static Conv2d Growing(int channels) => Conv2d(channels, Growth, 3, padding: 1, bias: false);

    private static Conv2d Narrowing(int channels) => Conv2d(channels, Transition, 1, bias: false);

    private static IEnumerable<int> Block(int channels) => Enumerable.Range(0, Layers).Select(layer => channels + (layer * Growth));

    /// <summary>Adds a BatchNormalization whose first input channels come stretched, or whose outputs are to be.</summary>
    private static string Normalize(OnnxGraph graph, string input, BatchNorm2d norm, float[]? inputs = null, float[]? outputs = null)
    {
        float[] mean = OnnxGraph.Read(norm.running_mean!), variance = OnnxGraph.Read(norm.running_var!);
        float[] scale = OnnxGraph.Read(norm.weight!), shift = OnnxGraph.Read(norm.bias!);
        for (int i = 0; i < (inputs?.Length ?? 0); i++)
        {
            mean[i] *= inputs![i];
            variance[i] = (float)((((double)inputs[i] * inputs[i]) * (variance[i] + Epsilon)) - Epsilon);
        }

        for (int i = 0; i < (outputs?.Length ?? 0); i++)
        {
            scale[i] *= outputs![i];
            shift[i] *= outputs[i];
        }

        return graph.Node("BatchNormalization",
            [input, .. new[] { scale, shift, mean, variance }.Select(values => graph.Constant(values, values.Length))]);
    }
}
