using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Orleans.Tests;

/// <summary>The folder of a cluster, with a model and samples in it.</summary>
internal sealed class ClusterFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="samples">How many images to write as arrays.</param>
    public ClusterFolder(int samples)
    {
        Directory.CreateDirectory(Data);
        File.Copy(FashionExample.ModelPath, Model);
        int number = 0;
        foreach (ModelSample sample in FashionExample.TrainingImages(0, samples))
        {
            Write(Path.Combine(Data, $"{number++:000}.npy"), "(1, 28, 28)", sample.Inputs[0].Data);
        }
    }

    /// <summary>Machines that run tests may be busy.</summary>
    public static ClusterWorkPlaceOptions Patient { get; } = new() { Patience = TimeSpan.FromMinutes(3) };

    public string Root => _folder.FullName;

    public string Model => _folder.PathTo("model.onnx");

    public string Data => _folder.PathTo("data");

    public string Output => _folder.PathTo("out.qcal");

    public string PathTo(string name) => _folder.PathTo(name);

    /// <summary>The calibration of this process alone.</summary>
    public byte[] Expected()
    {
        ModelCalibrator.Calibrate(Model, new SampleFolder(Data)).Save(PathTo("expected.qcal"));
        return File.ReadAllBytes(PathTo("expected.qcal"));
    }

    /// <summary>Calibrates by workers.</summary>
    public async Task<byte[]> Calibrate(ClusterWorkPlaceOptions? options = null, Action<ClusterStatus>? status = null)
    {
        await using FolderClusterClient client = await FolderCluster.ConnectAsync(Root, options ?? Patient);
        client.Place.StatusChanged += status;
        ModelCalibration calibration = await ModelCalibrator.CalibrateAsync(
            Model, (ISampleSource)new SampleFolder(Data), new CalibrationOptions { Place = client.Place });
        calibration.Save(Output);
        return File.ReadAllBytes(Output);
    }

    /// <summary>Forgets results, so that the next run has all to do.</summary>
    public void DeleteResults() => Directory.Delete(PathTo("results"), recursive: true);

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes an array of floats.</summary>
    public static void Write(string path, string shape, ReadOnlySpan<byte> data)
    {
        string head = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)head.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(head), .. data]);
    }
}
