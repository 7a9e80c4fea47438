using System.Diagnostics;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Calibration;

/// <summary>
/// The peak memory of calibrating, measured in processes of its own that read the samples from files: what draws or decodes samples takes
/// memory too, and that is not calibration's.
/// </summary>
internal static class CalibrationMemory
{
    private const int Rounds = 5;

    /// <summary>Calibrates and prints the peak of the working set in bytes: what the processes of <see cref="Measure"/> do.</summary>
    public static int Print(CalibrationSubject subject, int samples)
    {
        ModelCalibrator.Calibrate(subject.ModelPath, subject.Samples(samples));
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine(process.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>The medians over processes, in turn with few samples and with many, of the peak of the working set in bytes.</summary>
    public static (long Few, long Many) Measure(CalibrationSubject subject, int few, int many)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-benchmark-");
        try
        {
            StoredSamples.Write(subject.Stream(many), folder.FullName);
            List<long> withFew = [], withMany = [];
            for (int round = 0; round < Rounds; round++)
            {
                withFew.Add(MeasureProcess(few, subject.ModelPath, folder.FullName));
                withMany.Add(MeasureProcess(many, subject.ModelPath, folder.FullName));
            }

            return (withFew.Order().ElementAt(Rounds / 2), withMany.Order().ElementAt(Rounds / 2));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static long MeasureProcess(int samples, string modelPath, string folder)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        string[] host =
            Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(CalibrationMemory).Assembly.Location] : [];
        foreach (string argument
            in (string[])[.. host, "calibration-memory", samples.ToString(CultureInfo.InvariantCulture), modelPath, folder])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? long.Parse(output, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"Calibrating on {samples} samples ended with exit code {process.ExitCode}.");
    }
}
