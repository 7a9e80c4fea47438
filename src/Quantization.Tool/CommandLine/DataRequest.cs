using Quantization.Images;

namespace Quantization.Tool;

/// <summary>Which samples a command was given.</summary>
/// <param name="FolderPath">Their folder; null for none.</param>
/// <param name="LabelsPath">The file of their classes; null for none.</param>
/// <param name="FoldersAreClasses">Whether images' folders are their classes.</param>
/// <param name="Images">How images become the model's input.</param>
/// <param name="ImageArguments">What of that the user wrote, as the command line calls it.</param>
internal sealed record DataRequest(
    string? FolderPath, string? LabelsPath, bool FoldersAreClasses, ImageOptions Images, IReadOnlyList<string> ImageArguments)
{
    /// <summary>The file that lists the classes in the model's order; null for none.</summary>
    public string? ClassesPath { get; init; }

    /// <summary>The file of pairs of samples with scores; null for none.</summary>
    public string? ScoresPath { get; init; }

    /// <summary>Whether samples that cannot be read are left out instead of ending the run.</summary>
    public bool SkipsBad { get; init; }

    /// <summary>Whether the samples' classes are known.</summary>
    public bool IsLabelled => LabelsPath is not null || FoldersAreClasses;

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        if (FolderPath is null && (LabelsPath is not null || FoldersAreClasses || ImageArguments.Count > 0))
        {
            throw new UsageException(LabelsPath is not null
                ? "--labels needs the samples that it labels: give --data DIR too."
                : $"{(FoldersAreClasses ? DataOptions.ClassFolders : ImageArguments[0])} needs images: give --data DIR too.");
        }

        if (FolderPath is null && ScoresPath is not null)
        {
            throw new UsageException("--scores needs the samples that it compares: give --data DIR too.");
        }

        if (ClassesPath is not null && LabelsPath is null)
        {
            throw new UsageException(
                $"{DataOptions.Classes} sets the order of the class names in the labels: give --labels labels.csv too.");
        }

        if (LabelsPath is not null && FoldersAreClasses)
        {
            throw new UsageException($"--labels and {DataOptions.ClassFolders} both give the classes; leave one of them out.");
        }
    }
}
