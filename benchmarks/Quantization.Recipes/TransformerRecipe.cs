using System.Globalization;
using Quantization.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>Trains the vision transformer in FP32, then with 4-bit weights and 8-bit activations, and runs both in ONNX Runtime.</summary>
internal static class TransformerRecipe
{
    private const int Seed = 1, CalibrationBatches = 10;

    /// <summary>Prints the accuracy of both.</summary>
    public static void Run(RecipeOptions options)
    {
        Directory.CreateDirectory(options.Output);
        FashionMnist data = new(options.Data);
        TrainingPlan floats = new("ViT FP32", options.Epochs, 0.003, 0.3, Seed),
            quantized = new("ViT W4A8", options.Epochs / 2, 0.001, 0.1, Seed);
        Progress progress = new((floats.Epochs + quantized.Epochs) * Trainer.StepsPerEpoch(data));
        Trainer trainer = new(data, options.Output, progress, CancellationToken.None);
        torch.random.manual_seed(Seed);
        VisionTransformer net = new();
        trainer.Train(floats, net);
        Report(floats, net, data, options, progress);

        torch.random.manual_seed(Seed);
        QatModel model = QuantizationAwareTraining.Prepare(net, new QatOptions
        {
            Default = LayerQuantization.Learned(4, 8),
            Layers = new Dictionary<string, LayerQuantization?>
            {
                ["patches"] = LayerQuantization.EightBits,
                ["head"] = LayerQuantization.EightBits
            },
        });
        model.Calibrate(Enumerable.Range(0, CalibrationBatches).Select(i => data.TrainImages.narrow(0, i * 100, 100)), new MseCalibrator());
        trainer.Train(quantized, model.Module);
        Report(quantized, model.Module, data, options, progress);
    }

    private static void Report(TrainingPlan plan, Module<Tensor, Tensor> net, FashionMnist data, RecipeOptions options, Progress progress)
    {
        ExportCheck check = ExportCheck.Run(
            net, data, Path.Combine(options.Output, $"{plan.Name}.onnx"), new OnnxExportOptions { FourBits = FourBitStorage.Bytes });
        progress.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Name}: {Recipe.Accuracy(net, data):F2} %; ONNX Runtime {check.Accuracy:F2} %, same prediction {check.Agreement:F2} %, "
                + $"{check.Bytes} bytes"));
    }
}
