using Quantization.Onnx;
using Quantization.Tool.Tests;

namespace Quantization.Fuzz.Faults;

/// <summary>What the tool is given, what it writes and its temporary files, in three folders of one.</summary>
internal sealed class ToolFolder : IDisposable
{
    private const int Images = 8;

    private readonly FashionFolder _inputs = new(Images);
    private readonly Dictionary<string, byte[]> _before;

    /// <summary>Makes the folders and all that any command reads.</summary>
    public ToolFolder()
    {
        SampleFolder samples = new(_inputs.Samples);
        PostTrainingQuantizer.Quantize(_inputs.Model, samples, Quantized, new PtqOptions { LatencyRuns = 0 });
        ModelCalibrator.Calibrate(_inputs.Model, samples).Save(State);
        File.Copy(State, OtherState);
        Directory.CreateDirectory(Output);
        Directory.CreateDirectory(Temporary);
        _before = Inputs();
    }

    /// <summary>The float model.</summary>
    public string Model => _inputs.Model;

    /// <summary>The folder of samples.</summary>
    public string Samples => _inputs.Samples;

    /// <summary>A quantized model.</summary>
    public string Quantized => _inputs["quantized.onnx"];

    /// <summary>A calibration.</summary>
    public string State => _inputs["a.qcal"];

    /// <summary>Another calibration.</summary>
    public string OtherState => _inputs["b.qcal"];

    /// <summary>Where commands write.</summary>
    public string Output => _inputs["out"];

    /// <summary>Where temporary files go.</summary>
    public string Temporary => _inputs["tmp"];

    /// <summary>What the tool is given, without what it writes.</summary>
    public string Path => _inputs.Path;

    /// <summary>Empties the two folders, and writes an earlier file for each model that the command writes.</summary>
    public void Reset(ToolCase command)
    {
        foreach (string folder in (string[])[Output, Temporary])
        {
            Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }

        foreach (string output in command.Outputs.Where(ToolCase.HasEarlier))
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(output))!);
            File.WriteAllBytes(PathOf(output), ToolCase.Earlier);
        }
    }

    /// <summary>Puts other folders in the place of the two.</summary>
    public void Replace(string output, string temporary)
    {
        foreach ((string from, string to) in ((string, string)[])[(output, Output), (temporary, Temporary)])
        {
            Directory.Delete(to, recursive: true);
            Directory.Move(from, to);
        }
    }

    /// <summary>The path of an output.</summary>
    public string PathOf(string output) => System.IO.Path.Combine(Output, output);

    /// <summary>What is in the folder of outputs, by path from there.</summary>
    public Dictionary<string, byte[]> Outputs() => Read(Output);

    /// <summary>The names of all that is in the folder for temporary files.</summary>
    public string[] TemporaryFiles() =>
        [.. Directory.EnumerateFileSystemEntries(Temporary, "*", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Temporary, file))];

    /// <summary>What is wrong with the inputs; null where all are what they were.</summary>
    public string? FindChangedInput()
    {
        Dictionary<string, byte[]> after = Inputs();
        return _before.FirstOrDefault(
            each => !after.TryGetValue(each.Key, out byte[]? bytes) || !bytes.AsSpan().SequenceEqual(each.Value)).Key is { } changed
            ? $"the input '{changed}' was changed"
            : after.Keys.FirstOrDefault(name => !_before.ContainsKey(name)) is { } added ? $"'{added}' appeared among the inputs" : null;
    }

    public void Dispose() => _inputs.Dispose();

    private Dictionary<string, byte[]> Inputs() => Read(Path)
        .Where(each => !each.Key.StartsWith("out/", StringComparison.Ordinal) && !each.Key.StartsWith("tmp/", StringComparison.Ordinal))
        .ToDictionary();

    private static Dictionary<string, byte[]> Read(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(file => (Name: System.IO.Path.GetRelativePath(folder, file), Bytes: File.Exists(file) ? File.ReadAllBytes(file) : []))
            .ToDictionary(each => each.Name, each => each.Bytes);
}
