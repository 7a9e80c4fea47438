using Quantization.Benchmarks.Support;

namespace Quantization.Benchmarks.Pictures;

/// <summary>Writes the pictures of the documents again, byte for byte.</summary>
internal static class PictureCommand
{
    /// <summary>Writes all pictures.</summary>
    /// <param name="folder">Where to; <c>docs/images</c> of the repository where null.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string? folder)
    {
        folder ??= Path.Combine(RepositoryFiles.Root, "docs", "images");
        Directory.CreateDirectory(folder);
        (string Name, string Content)[] pictures =
        [
            ("pipeline.svg", PipelinePicture.Draw()),
            ("three-forms.svg", ThreeFormsPicture.Draw()),
            ("calibrators.svg", CalibratorPicture.Draw()),
            ("results-light.svg", ResultsPicture.Draw(SvgTheme.Light)),
            ("results-dark.svg", ResultsPicture.Draw(SvgTheme.Dark)),
        ];
        foreach ((string name, string content) in pictures)
        {
            File.WriteAllText(Path.Combine(folder, name), content);
            Console.WriteLine($"Wrote {Path.Combine(folder, name)}");
        }

        return 0;
    }
}
