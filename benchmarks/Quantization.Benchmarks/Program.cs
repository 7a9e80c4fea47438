using System.Globalization;
using BenchmarkDotNet.Running;
using Quantization.Benchmarks.Accuracy;
using Quantization.Benchmarks.Auto;
using Quantization.Benchmarks.Calibration;
using Quantization.Benchmarks.Clusters;
using Quantization.Benchmarks.Codebooks;
using Quantization.Benchmarks.LanguageModels;
using Quantization.Benchmarks.LargeModels;
using Quantization.Benchmarks.PartialQuantization;
using Quantization.Benchmarks.Pictures;
using Quantization.Benchmarks.Report;
using Quantization.Benchmarks.Sweep;
using Quantization.Benchmarks.Transformers;
using Quantization.Benchmarks.VectorSearch;

switch (args)
{
    case ["report", .. string[] rest]:
        return KernelReport.Run(rest is [string path] ? path : null);
    case [KernelReport.WidthArgument, string results]:
        return KernelReport.MeasureWidth(results);
    case ["sweep"]:
        return FormatSweep.Run() | CodebookSweep.Run() | LargeTensor.Run();
    case ["weight-formats"]:
        return WeightFormatStudy.Run();
    case ["pictures", .. string[] rest]:
        return PictureCommand.Run(rest is [string folder] ? folder : null);
    case ["embeddings"]:
        return EmbeddingStudy.Run();
    case ["vector-search", .. string[] rest]:
        return VectorSearchStudy.Run(rest);
    case ["calibration", .. string[] subject]:
        return CalibrationCost.Report(CalibrationSubject.Find(subject));
    case ["calibration-memory", string samples, .. string[] subject]:
        return CalibrationMemory.Print(CalibrationSubject.Find(subject), int.Parse(samples, CultureInfo.InvariantCulture));
    case ["cluster", .. string[] rest]:
        return ClusterStudy.Run(rest);
    case ["large-model"]:
        return LargeModelMemory.Report();
    case [LargeModelMemory.ToolArgument, .. string[] rest]:
        return LargeModelMemory.RunTool(rest);
    case ["large-weights", .. string[] rest]:
        return LargeWeights.Run(rest);
    case ["partial", .. string[] rest]:
        return PartialStudy.Run(rest);
    case ["accuracy", .. string[] rest]:
        return AccuracyStudy.Run(rest);
    case ["auto", .. string[] rest]:
        return AutoStudy.Run(rest);
    case ["language-models", "minilm"]:
        return EncoderStudy.Run();
    case ["language-models", "latency"]:
        return ProductLatency.Run();
    case ["language-models", "generation"]:
        return GenerationStudy.Run();
    case ["language-models", "rounding"]:
        return RoundingSpeed.Run();
    case ["language-models", .. string[] rest]:
        return LanguageModelStudy.Run(rest);
    case ["transformers", .. string[] rest]:
        return TransformerStudy.Run(rest);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(KernelReport).Assembly).Run(args);
        return 0;
}
