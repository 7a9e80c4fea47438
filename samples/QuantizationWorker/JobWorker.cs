using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Quantization.Hosting;
using Quantization.Onnx;

/// <summary>Looks for jobs once a second. Quantizers write logs themselves, so a failed job is only marked here.</summary>
internal sealed class JobWorker(IModelQuantizer quantizer, IConfiguration configuration) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DirectoryInfo folder = Directory.CreateDirectory(configuration["Folder"] ?? "jobs");
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        do
        {
            foreach (DirectoryInfo job in folder.GetDirectories().Where(IsOpen))
            {
                await DoAsync(job.FullName, stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static bool IsOpen(DirectoryInfo job) =>
        File.Exists(Path.Combine(job.FullName, "model.onnx"))
            && !File.Exists(Path.Combine(job.FullName, "model.int8.onnx"))
            && !File.Exists(Path.Combine(job.FullName, "failed.txt"));

    private async Task DoAsync(string job, CancellationToken stop)
    {
        try
        {
            await quantizer.QuantizeAsync(
                Path.Combine(job, "model.onnx"),
                new SampleFolder(Path.Combine(job, "samples")),
                Path.Combine(job, "model.int8.onnx"),
                cancellationToken: stop);
        }
        catch (Exception e) when (e is OnnxModelException or IOException or InvalidDataException or ArgumentException)
        {
            await File.WriteAllTextAsync(Path.Combine(job, "failed.txt"), e.Message, stop);
        }
    }
}
