using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>How an exported model in ONNX Runtime compares with the module in TorchSharp, over all test images.</summary>
/// <param name="Accuracy">Top-1 of the exported model in percent.</param>
/// <param name="Agreement">The share of images with the same prediction, in percent.</param>
/// <param name="DifferentCodes">The share of activation codes that differ, in percent; null where the model has none.</param>
/// <param name="LargestDifference">The largest difference of a code.</param>
/// <param name="Bytes">The size of the file.</param>
internal sealed record ExportCheck(double Accuracy, double Agreement, double? DifferentCodes, int LargestDifference, long Bytes)
{
    private const int Batch = 1000;

    private static readonly long[] SampleShape = [1, 28, 28];

    public static ExportCheck Run(Module<Tensor, Tensor> net, FashionMnist data, string path, OnnxExportOptions options)
    {
        net.eval();
        net.ExportOnnx(SampleShape, path, options);
        ModelProto model = OnnxExport.Build(net, SampleShape, options);
        List<QuantizedLayer> layers = [.. net.named_modules().Select(child => child.module).OfType<QuantizedLayer>()];
        List<string> codes = AddCodesToOutputs(model);
        using InferenceSession session = new(model.ToByteArray());
        List<byte[]> seen = [];
        foreach (QuantizedLayer layer in layers)
        {
            layer.register_forward_pre_hook((module, input) =>
            {
                seen.Add(CodesOf(((QuantizedLayer)module).InputQuantizer, input));
                return input;
            });
        }

        long same = 0, right = 0, count = 0, different = 0, compared = 0;
        int largest = 0;
        using IDisposable noGradient = torch.no_grad();
        for (long start = 0; start < data.TestImages.shape[0]; start += Batch)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            seen.Clear();
            Tensor images = data.TestImages.narrow(0, start, Batch).contiguous();
            long[] expected = [.. net.call(images).argmax(1).data<long>()],
                labels = [.. data.TestLabels.narrow(0, start, Batch).data<long>()];
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(images.data<float>().ToArray(), [Batch, .. SampleShape]);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(
                run, [options.InputName], [input], [options.OutputName, .. codes]);
            long[] actual = Predictions(results[0].GetTensorDataAsSpan<float>());
            for (int i = 0; i < Batch; i++, count++)
            {
                same += expected[i] == actual[i] ? 1 : 0;
                right += labels[i] == actual[i] ? 1 : 0;
            }

            for (int layer = 0; layer < codes.Count; layer++)
            {
                ReadOnlySpan<byte> theirs = results[layer + 1].GetTensorDataAsSpan<byte>();
                for (int i = 0; i < theirs.Length; i++, compared++)
                {
                    int difference = Math.Abs(theirs[i] - seen[layer][i]);
                    different += difference == 0 ? 0 : 1;
                    largest = Math.Max(largest, difference);
                }
            }
        }

        return new ExportCheck(
            100.0 * right / count,
            100.0 * same / count,
            compared == 0 ? null : 100.0 * different / compared,
            largest,
            new FileInfo(path).Length);
    }

    /// <summary>Makes the activations' codes outputs of the model.</summary>
    private static List<string> AddCodesToOutputs(ModelProto model)
    {
        List<string> codes = [.. model.Graph.Node.Where(node => node.OpType == "QuantizeLinear").Select(node => node.Output[0])];
        model.Graph.Output.Add(codes.Select(name => new ValueInfoProto { Name = name }));
        return codes;
    }

    private static byte[] CodesOf(FakeQuantize quantizer, Tensor input)
    {
        UniformQuantizer mapping = quantizer.GetQuantizer();
        CodeFormat stored = new(CodeType.UInt8, mapping.Format.MinCode, mapping.Format.MaxCode);
        byte[] codes = new byte[input.numel()];
        new AffineQuantizer(stored, mapping.Parameters).Quantize(input.contiguous().data<float>().ToArray(), codes);
        return codes;
    }

    private static long[] Predictions(ReadOnlySpan<float> logits)
    {
        int classes = logits.Length / Batch;
        long[] predictions = new long[Batch];
        for (int i = 0; i < Batch; i++)
        {
            predictions[i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits.Slice(i * classes, classes));
        }

        return predictions;
    }
}
