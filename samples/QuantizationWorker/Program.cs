// A worker service that quantizes what is put into a folder: jobs/NAME/model.onnx with jobs/NAME/samples becomes jobs/NAME/model.int8.onnx.
// In a project of your own:
//   dotnet add package Quantization.Hosting
//   dotnet add package Microsoft.Extensions.Hosting
//   dotnet add package Microsoft.ML.OnnxRuntime
// dotnet run                 works until it is stopped
// dotnet run -- --self-test  does one job and ends
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quantization.Hosting;
using Quantization.Samples;

bool isTest = args.Contains("--self-test");
DirectoryInfo? jobs = isTest ? TestJob.Create() : null;
HostApplicationBuilder builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true);
if (jobs is not null)
{
    builder.Configuration["Folder"] = jobs.FullName;
}

builder.Services.AddModelQuantizer().BindConfiguration("Quantizer"); // checked when the host starts
builder.Services.AddHostedService<JobWorker>();

// With OpenTelemetry: builder.Services.AddOpenTelemetry().WithTracing(tracing =>
// tracing.AddSource(QuantizationTelemetry.ActivitySourceName)).
List<string> stages = [];
using ActivityListener listener = new()
{
    ShouldListenTo = source => source.Name == QuantizationTelemetry.ActivitySourceName,
    Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
    ActivityStopped = activity => stages.Add($"{activity.OperationName} {activity.Duration.TotalMilliseconds:0} ms"),
};
ActivitySource.AddActivityListener(listener);

using IHost host = builder.Build();
if (jobs is null)
{
    await host.RunAsync();
    return;
}

await host.StartAsync();
string output = Path.Combine(jobs.FullName, "clothes", "model.int8.onnx");
for (int i = 0; i < 300 && !File.Exists(output); i++)
{
    await Task.Delay(100);
}

await host.StopAsync();
Console.WriteLine($"activities: {string.Join(", ", stages)}");
Expect.True(File.Exists(output), "the job is done within half a minute");
Expect.True(new FileInfo(output).Length < new FileInfo(FashionImages.Model).Length / 2, "the model shrinks to less than half");
Expect.True(stages[^1].StartsWith(QuantizationTelemetry.CallActivityName, StringComparison.Ordinal), "activities tell the call");
jobs.Delete(recursive: true);
