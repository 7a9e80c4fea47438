using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The files that a command reads.</summary>
internal static class InputFiles
{
    /// <summary>The files of the model's weights, the labels, and every file in the folder of samples that may be one.</summary>
    public static IEnumerable<string> Of(string modelPath, DataRequest data)
    {
        foreach (string file in ModelDataFiles.Find(modelPath))
        {
            yield return file;
        }

        if (data.LabelsPath is not null)
        {
            yield return data.LabelsPath;
        }

        if (Directory.Exists(data.FolderPath))
        {
            foreach (string file in FolderTree.EnumerateFiles(data.FolderPath, includesHidden: true).Where(SampleData.IsSampleFile))
            {
                yield return file;
            }
        }
    }
}
