using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.Corpus;

/// <summary>One of ONNX's own test models, with the inputs that come with it.</summary>
internal sealed record CorpusModel(string Folder)
{
    private const string Root = "/usr/share/libonnx-testdata/data";

    public string ModelPath => Path.Combine(Folder, "model.onnx");

    /// <summary>The group and the name.</summary>
    public string Name => Path.GetRelativePath(Root, Folder);

    public static CorpusModel[] All()
    {
        Prerequisite.DebianFile(Root, "libonnx-testdata");
        return [.. Directory.EnumerateFiles(Root, "model.onnx", SearchOption.AllDirectories)
            .Select(path => new CorpusModel(Path.GetDirectoryName(path)!)).OrderBy(model => model.Name, StringComparer.Ordinal)];
    }

    /// <summary>The model of a group and a name, as <see cref="Name"/> has them.</summary>
    public static CorpusModel Named(string name) => new(Path.Combine(Prerequisite.DebianFile(Root, "libonnx-testdata"), name));

    /// <summary>The inputs of its first test case; null where a sample cannot hold them, such as sequences.</summary>
    public SampleFolder? FindSample()
    {
        try
        {
            SampleFolder folder = new(Path.Combine(Folder, "test_data_set_0"));
            return folder.First().Inputs.IsEmpty ? null : folder;
        }
        catch (Exception e) when (e is InvalidDataException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// The first output's floats (empty where it has none) for a sample; null where ONNX Runtime cannot run the model on it.
    /// </summary>
    public static float[]? Run(string path, SampleFolder? sample)
    {
        try
        {
            using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
            using InferenceSession session = new(path, options);
            if (sample is null)
            {
                return [];
            }

            using BoundSample bound = SampleBinder.Bind(sample.First(), session.InputMetadata);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, session.OutputNames);
            return outputs[0].IsTensor
                && outputs[0].GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float
                ? outputs[0].GetTensorDataAsSpan<float>().ToArray()
                : [];
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidDataException)
        {
            return null;
        }
    }
}
