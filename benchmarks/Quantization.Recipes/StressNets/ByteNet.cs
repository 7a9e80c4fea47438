using Quantization.Onnx;
using Quantization.Onnx.Protos;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes.StressNets;

/// <summary>
/// A classifier of bytes, here the 784 of an image row by row: embedding, one wide convolution, a narrow one, the largest value of each
/// channel over all places. What the wide convolution reads and makes spans a hundred times what the layers behind it do.
/// </summary>
internal sealed class ByteNet : StressNet
{
    private const int Bytes = 28 * 28, Width = 8, Wide = 48, Narrow = 64, WideKernel = 84, NarrowKernel = 5, WideStride = 4;
    private const int NarrowStride = 2;
    private const double Unevenness = 128;

    private readonly Embedding _embedding = Embedding(256, Width);
    private readonly Conv1d _wide = Conv1d(Width, Wide, WideKernel, stride: WideStride);
    private readonly Conv1d _narrow = Conv1d(Wide, Narrow, NarrowKernel, stride: NarrowStride);
    private readonly Linear _linear = Linear(Narrow, 10);

    public ByteNet()
        : base("bytenet") => RegisterComponents();

    public override Tensor forward(Tensor input)
    {
        Tensor tokens = (FashionMnist.ToPixels(input) * 255).round().flatten(1).to(torch.ScalarType.Int64);
        Tensor made = functional.relu(_narrow.forward(functional.relu(_wide.forward(_embedding.forward(tokens).transpose(1, 2)))));
        return _linear.forward(made.amax([2]));
    }

    public override ModelProto Export()
    {
        float[] inputs = Channels.Factors(Width, Unevenness), outputs = Channels.Factors(Wide, Unevenness);
        OnnxGraph graph = new(GetName(), "tokens", TensorProto.Types.DataType.Int64, Bytes);
        Channels table = Channels.Of(_embedding.weight!);
        string embedded = graph.Node("Gather",
            [graph.Constant([.. table.Values.Select((value, i) => value * inputs[i % Width])], table.Shape), "tokens"]);
        string features = graph.Node("Transpose", [embedded], NodeFactory.Ints("perm", [0, 2, 1]));
        float[] bias = [.. OnnxGraph.Read(_wide.bias!).Zip(outputs, (value, factor) => value * factor)];
        features = graph.Node("Relu",
            [graph.Conv(features, Channels.Of(_wide.weight!).ShrinkInputs(inputs).StretchOutputs(outputs), bias, WideStride, 0)]);
        features = graph.Node("Relu",
            [graph.Conv(features, Channels.Of(_narrow.weight!).ShrinkInputs(outputs), OnnxGraph.Read(_narrow.bias!), NarrowStride, 0)]);
        graph.Classifier(graph.Node("GlobalMaxPool", [features]), _linear);
        return graph.Model;
    }

    public override SampleTensor MakeInput(float[] pixels) =>
        SampleTensor.Create<long>("tokens", [.. pixels.Select(pixel => (long)MathF.Round(pixel * 255))], Bytes);
}
