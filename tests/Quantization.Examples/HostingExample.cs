using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quantization.Hosting;
using Quantization.Onnx;

namespace Quantization.Examples;

internal static class HostingExample
{
    public static async Task RunAsync(string[] args)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddModelQuantizer(options => options.Static = new PtqOptions { ActivationCalibrator = new EntropyCalibrator() });
        builder.Services.AddModelQuantizer("language", options => options.Way = QuantizationWay.WeightsInt4);
        using IHost host = builder.Build();
        await host.StartAsync(); // refuses options that cannot work
        IModelQuantizer quantizer = host.Services.GetRequiredService<IModelQuantizer>();
        PtqResult result = await quantizer.QuantizeAsync("model.onnx", new SampleFolder("samples"), "model.int8.onnx");
        IModelQuantizer language = host.Services.GetRequiredKeyedService<IModelQuantizer>("language");
        await language.QuantizeAsync("model.onnx", "model.weights.onnx");
        Console.WriteLine($"{result.OutputBytes} of {result.ModelBytes} bytes");
    }

    public static void Configure(HostApplicationBuilder builder) =>
        builder.Services.AddModelQuantizer().BindConfiguration("Quantizer");
}
