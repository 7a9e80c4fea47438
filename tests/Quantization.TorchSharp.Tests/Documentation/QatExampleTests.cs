using Microsoft.ML.OnnxRuntime;
using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Documentation;

public sealed class QatExampleTests : TorchTest
{
    [Fact]
    public void The_examples_of_teachers_and_checkpoints_run()
    {
        static Module<Tensor, Tensor> Net() => Sequential(
            ("conv3", Conv2d(1, 16, 3, stride: 2)), ("norm3", BatchNorm2d(16)), ("flatten", Flatten()), ("linear", Linear(2704, 10)));
        QatModel qat = QuantizationAwareTraining.Prepare(Net());
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(qat.Module.parameters());
        float[] before = Values(qat.QuantizedLayers[0].Weight);
        try
        {
            QatTeacherExample.Train(qat, Net(), optimizer, [(torch.randn(8, 1, 28, 28), torch.randint(10, [8]))]);
            QatTeacherExample.Keep(qat, optimizer).Should().Be(new CheckpointPosition(2, 0));

            Values(qat.QuantizedLayers[0].Weight).Should().NotEqual(before);
        }
        finally
        {
            File.Delete("run.qatc");
        }
    }

    [Fact]
    public void The_example_trains_and_writes_a_model_that_loads()
    {
        Module<Tensor, Tensor> net = Sequential(
            ("conv1", Conv2d(1, 4, 3, stride: 2)),
            ("norm1", BatchNorm2d(4)),
            ("relu1", ReLU()),
            ("flatten", Flatten()),
            ("linear", Linear(676, 10)));
        string path = Path.GetTempFileName();
        try
        {
            QatModel model = QatExample.Run(net, [(torch.randn(8, 1, 28, 28), torch.randint(10, [8]))], path);

            model.Layers.Select(layer => layer.ToString()).Should().Equal(
                "conv1 Conv2d: 8-bit weights, 8-bit activations, norm1 folded in", "linear Linear: 4-bit weights, 4-bit activations");
            using InferenceSession session = new(path);
            session.InputMetadata["input"].Dimensions.Should().Equal(-1, 1, 28, 28);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
