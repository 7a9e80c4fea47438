using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Quantization.TorchSharp;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.Recipes;

/// <summary>
/// Float training, post-training quantization and quantization-aware training at several widths, XNOR, and what ONNX Runtime makes of the
/// results.
/// </summary>
internal sealed class Recipe : IDisposable
{
    private const int Seed = 1, CalibrationBatches = 10;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };
    private static readonly int[] Widths = [8, 4, 3, 2];

    private readonly RecipeOptions _options;
    private readonly List<Measurement> _results;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly List<TrainingPlan> _plans;

    public Recipe(RecipeOptions options)
    {
        _options = options;
        Directory.CreateDirectory(options.Output);
        _results = File.Exists(ResultsPath) ? JsonSerializer.Deserialize<List<Measurement>>(File.ReadAllText(ResultsPath)) ?? [] : [];
        _plans =
        [
            FromNothing("FP32", Seed),
            .. options.Distills ? (TrainingPlan[])[FromNothing("Teacher", Seed)] : [],
            .. Widths.Select(bits => Plan(bits, bits, Seed)),
            Plan(4, 8, Seed),
            .. from seed in (int[])[Seed + 1, Seed + 2] from bits in (int[])[4, 3, 2] select Plan(bits, bits, seed),
            .. from seed in (int[])[Seed, Seed + 1, Seed + 2]
               select FromNothing($"XNOR{(seed == Seed ? "" : $" seed {seed}")}", seed),
        ];
    }

    private string ResultsPath => Path.Combine(_options.Output, "results.json");

    public void Run()
    {
        Console.CancelKeyPress += (_, cancel) =>
        {
            cancel.Cancel = true;
            _cancellation.Cancel();
        };
        try
        {
            RunAll();
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine($"{Environment.NewLine}Interrupted. Start again with the same --output to go on.");
        }
    }

    public void Dispose() => _cancellation.Dispose();

    private void RunAll()
    {
        FashionMnist data = new(_options.Data);
        Progress progress = new(_plans.Sum(plan => plan.Epochs) * Trainer.StepsPerEpoch(data));
        foreach (TrainingPlan plan in _plans.Where(plan => _results.Any(result => result.Name == plan.Name)))
        {
            progress.Skip(plan.Epochs * Trainer.StepsPerEpoch(data));
        }

        Trainer trainer = new(data, _options.Output, progress, _cancellation.Token);
        foreach (TrainingPlan plan in _plans)
        {
            if (plan.Name == "FP32")
            {
                Measure(plan, progress, () => (TrainFloat(plan, trainer), 32, 32), data);
                foreach (int bits in Widths)
                {
                    PostTraining(data, progress, bits);
                }
            }
            else if (plan.Name == "Teacher")
            {
                Measure(plan, progress, () => (TrainTeacher(plan, trainer), 32, 32), data);
            }
            else if (plan.Name.StartsWith("XNOR", StringComparison.Ordinal))
            {
                Measure(plan, progress, () => (TrainXnor(plan, trainer), 1, 1), data);
            }
            else
            {
                (int weightBits, int activationBits) = BitsOf(plan);
                Measure(
                    plan, progress, () => (FineTune(plan, trainer, data, weightBits, activationBits), weightBits, activationBits), data);
            }
        }

        RecipeReport.Write(_results, _options.Output);
    }

    private void Measure(
        TrainingPlan plan, Progress progress, Func<(Module<Tensor, Tensor> Net, int WeightBits, int ActivationBits)> train,
        FashionMnist data)
    {
        if (_results.Any(result => result.Name == plan.Name))
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        (Module<Tensor, Tensor> net, int weightBits, int activationBits) = train();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        string path = Path.Combine(_options.Output, $"{plan.Name}.onnx");

        // In bytes, so that the codes of 4 bits can be compared.
        ExportCheck check = ExportCheck.Run(net, data, path, new OnnxExportOptions { FourBits = FourBitStorage.Bytes });
        string method = plan.Name.Split(' ')[0];
        Add(
            new Measurement(plan.Name, method, weightBits, activationBits, plan.Seed, Accuracy(net, data), plan.Epochs, seconds, check),
            progress);
    }

    private void PostTraining(FashionMnist data, Progress progress, int bits)
    {
        foreach (ICalibrator calibrator
            in new ICalibrator[] { new MaxCalibrator(), new PercentileCalibrator(), new EntropyCalibrator(), new MseCalibrator() })
        {
            string name = $"PTQ {calibrator.Name} W{bits}A{bits}";
            if (_results.Any(result => result.Name == name))
            {
                continue;
            }

            _cancellation.Token.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            QatModel model = QuantizationAwareTraining.Prepare(LoadFloat(), Classifiers.Options(bits, bits));
            model.Calibrate(CalibrationSet(data), calibrator);
            model.FreezeRanges();
            Add(new Measurement(
                name, "PTQ", bits, bits, Seed, Accuracy(model.Module, data), 0, Stopwatch.GetElapsedTime(start).TotalSeconds), progress);
        }
    }

    private static Module<Tensor, Tensor> TrainFloat(TrainingPlan plan, Trainer trainer)
    {
        torch.random.manual_seed(plan.Seed);
        Module<Tensor, Tensor> net = Classifiers.Float();
        trainer.Train(plan, net);
        return net;
    }

    private static Module<Tensor, Tensor> TrainTeacher(TrainingPlan plan, Trainer trainer)
    {
        torch.random.manual_seed(plan.Seed);
        Module<Tensor, Tensor> net = Classifiers.Wide();
        trainer.Train(plan, net);
        return net;
    }

    private Module<Tensor, Tensor> LoadTeacher()
    {
        Module<Tensor, Tensor> net = Classifiers.Wide();
        net.load(Path.Combine(_options.Output, $"Teacher.epoch{_options.Epochs}"));
        return net;
    }

    private Module<Tensor, Tensor> TrainXnor(TrainingPlan plan, Trainer trainer)
    {
        torch.random.manual_seed(plan.Seed);
        Module<Tensor, Tensor> net = Classifiers.Xnor();
        using Distillation? teacher = _options.Distills ? new Distillation(net, LoadTeacher()) : null;
        trainer.Train(plan, net, teacher);
        return net;
    }

    private Module<Tensor, Tensor> FineTune(TrainingPlan plan, Trainer trainer, FashionMnist data, int weightBits, int activationBits)
    {
        torch.random.manual_seed(plan.Seed);
        QatModel model = QuantizationAwareTraining.Prepare(LoadFloat(), Classifiers.Options(weightBits, activationBits));
        model.Calibrate(CalibrationSet(data), weightBits == 8 ? new MaxCalibrator() : new MseCalibrator());
        using Distillation? teacher = _options.Distills ? model.DistillFrom(LoadTeacher()) : null;
        trainer.Train(plan, model.Module, teacher, epoch =>
        {
            // The last epoch trains the very net that is deployed.
            if (epoch == plan.Epochs - 1)
            {
                model.FreezeBatchNorm();
            }
        });
        return model.Module;
    }

    private Module<Tensor, Tensor> LoadFloat()
    {
        Module<Tensor, Tensor> net = Classifiers.Float();
        net.load(Path.Combine(_options.Output, $"FP32.epoch{_options.Epochs}"));
        return net;
    }

    private static IEnumerable<Tensor> CalibrationSet(FashionMnist data)
    {
        for (int i = 0; i < CalibrationBatches; i++)
        {
            using Tensor batch = data.TrainImages.narrow(0, i * 100, 100);
            yield return batch;
        }
    }

    internal static double Accuracy(Module<Tensor, Tensor> net, FashionMnist data)
    {
        net.eval();
        using IDisposable noGradient = torch.no_grad();
        long right = 0;
        for (long start = 0; start < data.TestImages.shape[0]; start += 1000)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            right += (net.call(data.TestImages.narrow(0, start, 1000)).argmax(1) == data.TestLabels.narrow(0, start, 1000))
                .sum().item<long>();
        }

        return 100.0 * right / data.TestImages.shape[0];
    }

    private void Add(Measurement result, Progress progress)
    {
        _results.Add(result);
        File.WriteAllText(ResultsPath + ".part", JsonSerializer.Serialize(_results, Json));
        File.Move(ResultsPath + ".part", ResultsPath, overwrite: true);
        string export = result.Export is { } check
            ? string.Create(CultureInfo.InvariantCulture, $"; ONNX Runtime {check.Accuracy:F2} %, same prediction {check.Agreement:F2} %, "
                + $"different codes {check.DifferentCodes:F4} % (by at most {check.LargestDifference}), {check.Bytes} bytes")
            : "";
        progress.Say(
            string.Create(CultureInfo.InvariantCulture, $"{result.Name}: {result.Accuracy:F2} % in {result.Seconds:F0} s{export}"));
    }

    /// <summary>
    /// A teacher has more to tell than labels: learning from one takes as many epochs as training in float, and its rate.
    /// </summary>
    private TrainingPlan Plan(int weightBits, int activationBits, int seed)
    {
        string name = $"QAT W{weightBits}A{activationBits}{(seed == Seed ? "" : $" seed {seed}")}";
        return _options.Distills ? FromNothing(name, seed) : new TrainingPlan(name, _options.Epochs / 2, 0.002, 0.1, seed);
    }

    private TrainingPlan FromNothing(string name, int seed) => new(name, _options.Epochs, 0.008, 0.3, seed);

    private static (int WeightBits, int ActivationBits) BitsOf(TrainingPlan plan) => (plan.Name[5] - '0', plan.Name[7] - '0');
}
