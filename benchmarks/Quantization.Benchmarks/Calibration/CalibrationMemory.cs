using System.Diagnostics;
using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Calibration;

/// <summary>The peak memory of calibrating, measured in a process of its own.</summary>
internal static class CalibrationMemory
{
    /// <summary>Calibrates and prints the peak of the working set in bytes: what the process of <see cref="Measure"/> does.</summary>
    public static int Print(CalibrationSubject subject, int samples)
    {
        ModelCalibrator.Calibrate(subject.ModelPath, subject.Samples(samples));
        using Process process = Process.GetCurrentProcess();
        Console.WriteLine(process.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>The peak of the working set of a process that calibrates on so many samples, in bytes.</summary>
    public static long Measure(CalibrationSubject subject, int samples)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        string[] host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(CalibrationMemory).Assembly.Location] : [];
        foreach (string argument in (string[])[.. host, "calibration-memory", samples.ToString(CultureInfo.InvariantCulture), .. subject.Arguments])
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
