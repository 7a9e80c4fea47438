using System.Collections;

namespace Quantization.Onnx;

/// <summary>
/// The images of a folder and its subfolders (PNG, JPEG, BMP, GIF, TGA, PSD, by extension), in the ordinal order of their paths from the folder, each decoded, resized and normalized when its turn comes: memory does
/// not grow with their number. Samples are 32-bit floats of the model's first input, without the batch axis.
/// </summary>
/// <remarks>Decoded to 8-bit RGB: 16 bits are cut to 8, transparency is left out, of a GIF the first picture is taken; the orientation that a camera noted (Exif) is not applied, as in torchvision.</remarks>
public sealed class ImageFolder : ISampleSource
{
    private readonly ImageConverter _converter;
    private readonly string[] _names;
    private readonly string[] _classes;
    private readonly bool _foldersAreClasses;

    /// <summary>Lists a folder's images; they are decoded later.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">How images become the model's input; width and height have to be set.</param>
    /// <param name="labels">The images' classes by their path from the folder, with '/' between names; null where they are not known.</param>
    /// <param name="foldersAreClasses">Whether the first folder in an image's path is its class, counted in ordinal order of the folders' names, as torchvision does; then there are no <paramref name="labels"/>.</param>
    /// <exception cref="ArgumentException">The size is not set, means or deviations are not as many as channels, or labels are given beside folders that are classes.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The folder has no image, a label has none, or an image lies in no class's folder.</exception>
    public ImageFolder(string path, ImageOptions options, LabelFile? labels = null, bool foldersAreClasses = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        if (labels is not null && foldersAreClasses)
        {
            throw new ArgumentException("Classes are told either by labels or by folders, not by both.", nameof(labels));
        }

        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException($"{path}: there is no such folder.");
        }

        _converter = new ImageConverter(options);
        _foldersAreClasses = foldersAreClasses;
        FolderPath = path;
        Options = options;
        Labels = labels;
        _names = [.. List(path).Order(StringComparer.Ordinal)];
        if (_names.Length == 0)
        {
            throw new InvalidDataException($"{path}: the folder has no image; put .png, .jpg, .bmp, .gif, .tga or .psd files there.");
        }

        _classes = foldersAreClasses ? [.. _names.Select(ClassOf).Distinct().Order(StringComparer.Ordinal)] : [];
        labels?.ThrowUnlessAmong(_names, path);
    }

    private ImageFolder(ImageFolder whole, IEnumerable<string> names)
    {
        _converter = whole._converter;
        _foldersAreClasses = whole._foldersAreClasses;
        FolderPath = whole.FolderPath;
        Options = whole.Options;
        Labels = whole.Labels;
        _classes = whole._classes;
        _names = [.. names];
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>How images become the model's input.</summary>
    public ImageOptions Options { get; }

    /// <summary>The images' classes, or null.</summary>
    public LabelFile? Labels { get; }

    /// <summary>The names of the folders that are classes, by the class's index; empty where folders are none.</summary>
    public IReadOnlyList<string> Classes => _classes;

    /// <summary>The number of images.</summary>
    public int Count => _names.Length;

    int? ISampleSource.Count => Count;

    /// <summary>Lists a folder's images for a model: size, channels and layout that the options leave open are those of the model's input.</summary>
    /// <param name="modelPath">The ONNX model.</param>
    /// <param name="path">The folder.</param>
    /// <param name="options">What the model does not tell; null for <see cref="ImageOptions.None"/>.</param>
    /// <param name="labels">The images' classes by their path from the folder, with '/' between names; null where they are not known.</param>
    /// <param name="foldersAreClasses">Whether the first folder in an image's path is its class.</param>
    /// <exception cref="ArgumentException">Means or deviations are not as many as channels, or labels are given beside folders that are classes.</exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, has not one input of floats [N, C, H, W] or [N, H, W, C], contradicts the options, or leaves the size open as they do.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The folder has no image, a label has none, or an image lies in no class's folder.</exception>
    public static ImageFolder ForModel(string modelPath, string path, ImageOptions? options = null, LabelFile? labels = null, bool foldersAreClasses = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return new ImageFolder(path, ImageInput.Complete(modelPath, options ?? ImageOptions.None), labels, foldersAreClasses);
    }

    /// <summary>Whether a folder, or one inside it, has an image.</summary>
    /// <param name="path">The folder; one that is missing has none.</param>
    public static bool HasImages(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path) && List(path).Any();
    }

    /// <summary>Decodes the images one by one.</summary>
    /// <remarks>Moving on throws <see cref="InvalidDataException"/> where a file is no image, truncated or claims too many pixels, and <see cref="IOException"/> where it cannot be read.</remarks>
    public IEnumerator<ModelSample> GetEnumerator() => _names.Select(Read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc cref="SampleFolder.Split"/>
    public (ImageFolder Calibration, ImageFolder Scoring) Split()
    {
        (List<string> calibration, List<string> scoring) = LabelledSplit.Deal(FolderPath, _names, name => _foldersAreClasses || Labels?.Find(name) is not null);
        return (new ImageFolder(this, calibration), new ImageFolder(this, scoring));
    }

    private static IEnumerable<string> List(string folder) => Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true })
        .Where(ImageFile.IsImage)
        .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'));

    private string ClassOf(string name) => name.Contains('/')
        ? name[..name.IndexOf('/')]
        : throw new InvalidDataException($"{Path.Combine(FolderPath, name)}: the image lies in no folder of a class; move it into one, or remove it.");

    private ModelSample Read(string name)
    {
        string path = Path.Combine(FolderPath, name);
        int? label = _foldersAreClasses ? Array.IndexOf(_classes, ClassOf(name)) : Labels?.Find(name);
        return new ModelSample(path, _converter.Convert(path, ImageFile.Read(path)))
        {
            Label = label,
            LabelOrigin = _foldersAreClasses || label is null ? null : Labels!.Locate(name),
        };
    }
}
