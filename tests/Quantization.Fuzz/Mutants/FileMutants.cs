using System.Text;
using Quantization.Fuzz.Campaigns;
using Quantization.Fuzz.Recipes;
using Quantization.Images;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Mutants;

/// <summary>
/// Files beside the model that are damaged: calibrations, plans, trials, samples, images, labels, scores. They are read as documented, or
/// refused as documented.
/// </summary>
internal static class FileMutants
{
    /// <summary>So often a file is whole, and has to be accepted.</summary>
    private const int WholeEvery = 20;

    private static readonly Lazy<Dictionary<string, byte[]>> Whole = new(MakeWhole);

    private static readonly (string Name, bool IsText, Action<string, CaseFolder> Use)[] Kinds =
    [
        ("calibration.qcal", false, (path, folder) => PostTrainingQuantizer.Quantize(
            folder["model.onnx"],
            ModelCalibration.Load(path),
            folder["out.onnx"],
            new PtqOptions { LatencyRuns = 0, Probe = folder.Probe })),
        ("plan.json", true, (path, folder) => PostTrainingQuantizer.Quantize(
            folder["model.onnx"],
            QuantizationPlan.Load(path),
            folder["out.onnx"],
            options: new PtqOptions { LatencyRuns = 0, Probe = folder.Probe })),
        ("x.trials", true, (path, folder) => TrialStore.Open(path).Dispose()),
        ("s/0.npz", false, UseSamples),
        ("s/0.npy", false, UseSamples),
        ("i/0.png", false, UseImages),
        ("i/0.jpg", false, UseImages),
        ("i/0.webp", false, UseImages),
        ("labels.csv", true, (path, _) => LabelFile.Read(path)),
        ("scores.csv", true, (path, _) => ScoredPair.Read(path)),
    ];

    /// <summary>Runs the case of a seed.</summary>
    public static string Run(int seed, CaseFolder folder)
    {
        Random random = new(seed);
        (string name, bool isText, Action<string, CaseFolder> use) = Kinds[random.Next(Kinds.Length)];
        folder.Write("model.onnx", Whole.Value["model.onnx"]);
        byte[] whole = Whole.Value[name];
        bool isWhole = seed % WholeEvery == 0;
        string path = folder.Write(name, isWhole ? whole : isText ? TextMutator.Mutate(whole, random) : ByteMutator.Mutate(whole, random));
        try
        {
            use(path, folder);
        }
        catch (Exception e) when (!isWhole && FuzzedRecipe.IsDocumented(e))
        {
            folder.CheckAndRemove(name + ".lock");
            return $"{Path.GetExtension(name)}: refused";
        }

        if (File.Exists(folder["out.onnx"]))
        {
            WrittenModel.Load(folder["out.onnx"]).Dispose();
        }

        folder.CheckAndRemove("out.onnx", name + ".lock");
        return $"{Path.GetExtension(name)}: done";
    }

    private static void UseSamples(string path, CaseFolder folder) => PostTrainingQuantizer.Quantize(
        folder["model.onnx"],
        new SampleFolder(Path.GetDirectoryName(path)!),
        folder["out.onnx"],
        new PtqOptions { LatencyRuns = 0, Probe = folder.Probe });

    private static void UseImages(string path, CaseFolder folder)
    {
        foreach (ModelSample sample in new ImageFolder(Path.GetDirectoryName(path)!, new ImageOptions { Width = 8, Height = 8 }))
        {
            _ = sample.Inputs.Length;
        }
    }

    private static Dictionary<string, byte[]> MakeWhole()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-fuzz-files-");
        try
        {
            string In(string name) => Path.Combine(folder.FullName, name);
            Directory.CreateDirectory(In("s"));
            Directory.CreateDirectory(In("i"));
            ModelBuilder.Linear().Save(In("model.onnx"));
            SampleList samples = ModelBuilder.LinearSamples(24);
            ModelCalibration calibration = ModelCalibrator.Calibrate(In("model.onnx"), samples);
            calibration.Save(In("calibration.qcal"));
            PostTrainingQuantizer.Quantize(In("model.onnx"), samples, In("out.onnx"), new PtqOptions { LatencyRuns = 0 })
                .Plan.Save(In("plan.json"));
            PtqSearch.Run(In("model.onnx"), samples, In("out.onnx"), new SearchOptions { TrialsPath = In("x.trials") });
            SampleFiles.Write(folder.FullName);
            File.WriteAllText(In("labels.csv"), "sample,label\n0.npz,1\n\"b,c.npz\",2\nd.png,0\n", Encoding.UTF8);
            File.WriteAllText(In("scores.csv"), "first,second,1\na,b,0.5\n\"c\",d,-1\n", Encoding.UTF8);
            return Directory.GetFiles(folder.FullName, "*", SearchOption.AllDirectories)
                .ToDictionary(path => Path.GetRelativePath(folder.FullName, path).Replace('\\', '/'), File.ReadAllBytes);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
