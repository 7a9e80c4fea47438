using System.Text;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>A folder that ONNX Runtime GenAI loads: a model, its settings and its tokenizer.</summary>
internal sealed class GenAiFolder
{
    /// <summary>The file that tells such a folder.</summary>
    public const string ConfigName = "genai_config.json";

    private GenAiFolder(string path, string modelName)
    {
        FolderPath = path;
        ModelName = modelName;
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>The file of the model in it.</summary>
    public string ModelName { get; }

    /// <summary>The path of the model.</summary>
    public string ModelPath => Path.Combine(FolderPath, ModelName);

    /// <summary>Reads the settings of a folder.</summary>
    /// <exception cref="FileNotFoundException">The folder has no settings, or not the model that they name.</exception>
    /// <exception cref="InvalidDataException">The settings name no model.</exception>
    public static GenAiFolder Open(string path)
    {
        string config = Path.Combine(path, ConfigName);
        if (!File.Exists(config))
        {
            throw new FileNotFoundException(
                $"{path}: this folder has no {ConfigName}; give a folder of ONNX Runtime GenAI, or the file of a model.", config);
        }

        string name = ReadModelName(config);
        GenAiFolder folder = new(path, name);
        return File.Exists(folder.ModelPath)
            ? folder
            : throw new FileNotFoundException(
                $"{config} names the model '{VisibleText.Short(name)}', which is not in the folder; download the folder again.",
                folder.ModelPath);
    }

    /// <summary>Where the model goes in another folder.</summary>
    /// <exception cref="ArgumentException">The folder is this one, or lies in it.</exception>
    public string PlaceIn(string output)
    {
        string inside = Path.GetFullPath(FolderPath);
        for (string? each = Path.GetFullPath(output); each is not null; each = Path.GetDirectoryName(each))
        {
            if (OutputPath.IsSame(each, inside))
            {
                string what = each == Path.GetFullPath(output) ? "the folder of the float model" : $"in the folder {FolderPath}";
                throw new ArgumentException($"{output} is {what}; name another folder.", nameof(output));
            }
        }

        return Path.Combine(output, ModelName);
    }

    /// <summary>Copies everything but the model and its data to another folder.</summary>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public void CopyOthers(string output)
    {
        HashSet<string> own = [.. ModelDataFiles.Find(ModelPath).Append(ModelPath).Select(Path.GetFullPath)];
        foreach (string file in Directory.EnumerateFiles(FolderPath, "*", SearchOption.AllDirectories)
            .Where(file => !own.Contains(Path.GetFullPath(file))))
        {
            using FileStream source = RegularFile.OpenRead(file);
            using AtomicFile target = AtomicFile.Create(Path.Combine(output, Path.GetRelativePath(FolderPath, file)));
            target.Commit(source.CopyTo);
        }
    }

    private static string ReadModelName(string config)
    {
        try
        {
            using FileStream stream = RegularFile.OpenRead(config);
            using JsonDocument document = JsonDocument.Parse(stream);
            JsonElement decoder = Find(Find(document.RootElement, "model", config), "decoder", config);
            if (decoder.TryGetProperty("pipeline", out _))
            {
                throw new InvalidDataException($"{config}: the decoder is a pipeline of several models; quantize each model by its file.");
            }

            string? name = Find(decoder, "filename", config) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
            return name is { Length: > 0 } && Path.GetFileName(name) == name
                ? name
                : throw new InvalidDataException(
                    $"{config}: model.decoder.filename is '{VisibleText.Short(name ?? "")}'; the name of a file in the folder belongs "
                    + $"there.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{config} is no JSON: {VisibleText.Short(e.Message)}; download the folder again.", e);
        }
        catch (InvalidOperationException e) when (e.InnerException is DecoderFallbackException)
        {
            throw new InvalidDataException($"{config}: a text in the file is not UTF-8; download the folder again.", e);
        }
    }

    private static JsonElement Find(JsonElement element, string name, string config) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
        ? value
        : throw new InvalidDataException(
            $"{config}: there is no '{name}', where the model's file is named (model.decoder.filename); give a folder of ONNX Runtime "
            + $"GenAI.");
}
