using System.Collections;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Images;

/// <summary>
/// The images of a folder and its subfolders (PNG, JPEG, WebP, BMP, GIF, by extension), in the ordinal order of their paths from the
/// folder. Each is decoded, resized and normalized when its turn comes: memory does not grow with their number. Samples are 32-bit
/// floats of the model's first input, without the batch axis.
/// </summary>
/// <remarks>
/// Images are decoded to 8-bit RGB: 16 bits are cut to 8, transparency is left out, and of several pictures in one file the first is
/// taken. Colour profiles and the orientation that a camera noted (Exif) are not applied, as in torchvision. Images of other formats are
/// left out and listed in <see cref="Unreadable"/>.
/// </remarks>
public sealed class ImageFolder : ISampleSource
{
    private readonly ImageConverter _converter;
    private readonly string[] _names;
    private readonly string[] _unreadable;
    private readonly string[] _classes;
    private readonly bool _foldersAreClasses;

    /// <summary>Lists a folder's images; they are decoded later.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="options">How images become the model's input; width and height have to be set.</param>
    /// <param name="labels">
    /// The images' classes by their path from the folder, with '/' between names; null where they are not known.
    /// </param>
    /// <param name="foldersAreClasses">
    /// Whether the first folder in an image's path is its class, counted in ordinal order of the folders' names, as torchvision does; then
    /// there are no <paramref name="labels"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The size is not set, means or deviations are not as many as channels, or labels are given beside folders that are classes.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder has no image that can be read, a label has none, or an image lies in no class's folder.
    /// </exception>
    public ImageFolder(string path, ImageOptions options, LabelFile? labels = null, bool foldersAreClasses = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        if (labels is not null && foldersAreClasses)
        {
            throw new ArgumentException("Give classes either by labels or by folders, not by both.", nameof(labels));
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
        string[] all = [.. ImageFiles.In(path).Order(StringComparer.Ordinal)];
        _names = [.. all.Where(ImageFiles.IsReadable)];
        _unreadable = [.. all.Where(name => !ImageFiles.IsReadable(name))];
        if (_names.Length == 0)
        {
            throw new InvalidDataException(_unreadable.Length == 0
                ? $"{path}: the folder has no image; put .png, .jpg, .webp, .bmp or .gif files there."
                : $"{path}: none of the folder's images is of a format that can be read: {Extensions()}; convert them to PNG or JPEG.");
        }

        // A class whose images are all left out keeps its place, or the indices of the classes after it would shift.
        IEnumerable<string> classified = _names.Concat(_unreadable.Where(name => name.Contains('/')));
        _classes = foldersAreClasses ? [.. classified.Select(ClassOf).Distinct().Order(StringComparer.Ordinal)] : [];
        labels?.ThrowUnlessAmong(all, path);
    }

    private ImageFolder(ImageFolder whole, IEnumerable<string> names)
    {
        _converter = whole._converter;
        _foldersAreClasses = whole._foldersAreClasses;
        FolderPath = whole.FolderPath;
        Options = whole.Options;
        Labels = whole.Labels;
        _unreadable = whole._unreadable;
        _classes = whole._classes;
        Skipped = whole.Skipped;
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

    /// <summary>
    /// The images that are left out because their format is not decoded (.tif, .tga, .heic and others), as paths from the folder with '/'
    /// between names.
    /// </summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>The images that <see cref="SkipUnreadable"/> left out; empty where none was.</summary>
    public IReadOnlyList<UnreadableSample> Skipped { get; private init; } = [];

    /// <summary>A sentence that counts the images that are left out, by extension; null where none is.</summary>
    public string? Warning => _unreadable.Length switch
    {
        0 => null,
        1 => $"{FolderPath}: 1 file of a format that cannot be read is left out: {Extensions()}.",
        int count => string.Create(
            CultureInfo.InvariantCulture, $"{FolderPath}: {count} files of formats that cannot be read are left out: {Extensions()}."),
    };

    /// <summary>The number of images that can be read.</summary>
    public int Count => _names.Length;

    int? ISampleSource.Count => Count;

    /// <summary>
    /// Lists a folder's images for a model: size, channels and layout that the options leave open are those of the model's input.
    /// </summary>
    /// <param name="modelPath">The ONNX model.</param>
    /// <param name="path">The folder.</param>
    /// <param name="options">What the model does not tell; null for <see cref="ImageOptions.None"/>.</param>
    /// <param name="labels">
    /// The images' classes by their path from the folder, with '/' between names; null where they are not known.
    /// </param>
    /// <param name="foldersAreClasses">Whether the first folder in an image's path is its class.</param>
    /// <exception cref="ArgumentException">
    /// Means or deviations are not as many as channels, or labels are given beside folders that are classes.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read, has not one input of floats [N, C, H, W] or [N, H, W, C], contradicts the options, or leaves the size open
    /// as they do.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">
    /// The folder has no image that can be read, a label has none, or an image lies in no class's folder.
    /// </exception>
    public static ImageFolder ForModel(
        string modelPath, string path, ImageOptions? options = null, LabelFile? labels = null, bool foldersAreClasses = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return new ImageFolder(path, ImageInput.Complete(modelPath, options ?? ImageOptions.None), labels, foldersAreClasses);
    }

    /// <summary>Whether a folder, or one inside it, has an image, even if only of a format that is not decoded.</summary>
    /// <param name="path">The folder; one that is missing has none.</param>
    public static bool HasImages(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path) && ImageFiles.In(path).Any();
    }

    /// <summary>Decodes the images one by one.</summary>
    /// <remarks>
    /// Moving on throws <see cref="InvalidDataException"/> where a file is no image, truncated or claims too many pixels, and
    /// <see cref="IOException"/> where it cannot be read.
    /// </remarks>
    public IEnumerator<ModelSample> GetEnumerator() => _names.Select(Read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc cref="SampleFolder.SkipUnreadable"/>
    public ImageFolder SkipUnreadable(double maxShare = 0.1)
    {
        (List<string> readable, List<UnreadableSample> others) = ReadableSamples.Find(FolderPath, _names, Read, maxShare);
        return new ImageFolder(this, readable) { Skipped = others };
    }

    /// <inheritdoc cref="SampleFolder.Split"/>
    public (ImageFolder Calibration, ImageFolder Scoring) Split()
    {
        (List<string> calibration, List<string> scoring) = LabelledSplit.Deal(
            FolderPath, _names, name => _foldersAreClasses || Labels?.Find(name) is not null);
        return (new ImageFolder(this, calibration), new ImageFolder(this, scoring));
    }

    /// <summary>How many files of each extension are left out, the most frequent first.</summary>
    private string Extensions() => string.Join(", ", _unreadable.CountBy(name => Path.GetExtension(name).ToLowerInvariant())
        .OrderByDescending(pair => pair.Value)
        .ThenBy(pair => pair.Key, StringComparer.Ordinal)
        .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));

    private string ClassOf(string name) => name.Contains('/')
        ? name[..name.IndexOf('/')]
        : throw new InvalidDataException(
            $"{Path.Combine(FolderPath, name)}: the image lies in no folder of a class; move it into one, or remove it.");

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
