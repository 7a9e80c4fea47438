using Quantization.Images;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The samples of a folder, whether arrays or images.</summary>
/// <param name="FolderPath">The folder.</param>
/// <param name="All">All of them.</param>
/// <param name="IsLabelled">Whether their classes are known.</param>
/// <param name="Preparation">How they are prepared for the model, in words.</param>
/// <param name="Split">Deals the labelled ones into those to calibrate on and those to score with.</param>
internal sealed record SampleData(
    string FolderPath, ISampleSource All, bool IsLabelled, string Preparation,
    Func<(ISampleSource Calibration, ISampleSource Scoring)> Split)
{
    /// <summary>
    /// Opens a folder: of images where it has no arrays. Says on the error stream how many images are left out, even where progress is
    /// not shown.
    /// </summary>
    /// <exception cref="UsageException">Arguments for images are given, but the folder holds arrays.</exception>
    public static SampleData Open(ToolConsole console, string modelPath, DataRequest request)
    {
        string folder = request.FolderPath!;
        LabelFile? labels = request.LabelsPath is null ? null : LabelFile.Read(request.LabelsPath, request.ClassesPath);
        if (labels is { ClassesPath: null, ClassNames: { Count: > 0 } names })
        {
            console.Error.WriteLine(VisibleText.Of(Figures.ClassNames(labels.Path, names)));
        }

        if (!SampleFolder.HasSamples(folder) && ImageFolder.HasImages(folder))
        {
            ImageFolder images = ImageFolder.ForModel(modelPath, folder, request.Images, labels, request.FoldersAreClasses);
            if (images.Warning is { } warning)
            {
                console.Error.WriteLine(VisibleText.Of(warning));
            }

            images = request.SkipsBad ? images.SkipUnreadable() : images;
            string prepared = Preprocessing.Of(images.Options) + Tell(console, images.Skipped, images.Count);
            return new SampleData(folder, images, request.IsLabelled, prepared, () => images.Split());
        }

        SampleFolder samples = new(folder, labels);
        if (request.FoldersAreClasses || request.ImageArguments.Count > 0)
        {
            throw new UsageException($"{(request.FoldersAreClasses ? DataOptions.ClassFolders : request.ImageArguments[0])} goes with "
                + $"images, but {folder} holds arrays, which are taken as they are.");
        }

        samples = request.SkipsBad ? samples.SkipUnreadable() : samples;
        return new SampleData(
            folder,
            samples,
            labels is not null,
            Preprocessing.OfArrays + Tell(console, samples.Skipped, samples.Count),
            () => samples.Split());
    }

    /// <summary>Names the samples that were left out on the error stream, and counts them in words for the others.</summary>
    private static string Tell(ToolConsole console, IReadOnlyList<UnreadableSample> skipped, int left)
    {
        foreach (UnreadableSample sample in skipped)
        {
            console.Error.WriteLine($"left out: {VisibleText.Of(sample.Reason.ReplaceLineEndings(" "))}");
        }

        return skipped.Count == 0
            ? ""
            : $"; {Figures.Count(skipped.Count)} of {Figures.Count(skipped.Count + left, "sample")} left out, because they cannot be read";
    }

    /// <summary>Whether a file is of a kind that samples are read from.</summary>
    public static bool IsSampleFile(string path) => SampleFolder.IsSampleFile(path) || ImageFiles.IsReadable(path);

    /// <summary>
    /// A quarter of the samples calibrates and the others score; where there are labels, a quarter of those with a label.
    /// </summary>
    public (ISampleSource Calibration, ISampleSource Scoring) Deal() => IsLabelled ? Split() : SampleSplit.Deal(All);
}
