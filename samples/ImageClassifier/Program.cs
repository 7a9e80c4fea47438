// A web service that classifies images with an int8 model, which it makes from the float model when it starts. In a project of your own:
//   dotnet add package Quantization.Onnx
//   dotnet add package Microsoft.ML.OnnxRuntime
// dotnet run                 serves: curl --data-binary @image.raw http://localhost:5000/classify
// dotnet run -- --self-test  classifies 200 test images over HTTP and ends
using System.Net.Http.Json;
using Quantization.Onnx;
using Quantization.Samples;

bool isTest = args.Contains("--self-test");
WebApplicationBuilder builder = WebApplication.CreateBuilder();
if (isTest)
{
    builder.WebHost.UseUrls("http://127.0.0.1:0");
    builder.Logging.SetMinimumLevel(LogLevel.Warning);
}

// Keep the file with your application, and make it when you build or deploy it; a second at the start is fine for a sample.
string path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.onnx");
PtqResult result = await PostTrainingQuantizer.QuantizeAsync(FashionImages.Model, FashionImages.Training.ToSamples(200), path);
Console.WriteLine($"int8: {result.OutputBytes} of {result.ModelBytes} bytes, {result.Latency!.Ratio:0.00} of the time");
builder.Services.AddSingleton(_ => new Classifier(path));

await using WebApplication app = builder.Build();
app.MapPost("/classify", async (HttpRequest request, Classifier classifier) =>
{
    byte[] image = new byte[FashionImages.Pixels];
    try
    {
        await request.Body.ReadExactlyAsync(image, request.HttpContext.RequestAborted);
    }
    catch (EndOfStreamException)
    {
        return Results.Problem(
            $"Send {FashionImages.Pixels} bytes, the grey values of 28 rows.", statusCode: StatusCodes.Status400BadRequest);
    }

    return Results.Ok(classifier.Classify(image));
});
if (!isTest)
{
    await app.RunAsync();
    return;
}

await app.StartAsync();
using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()) };
FashionImages images = FashionImages.Test;
int right = 0;
for (int i = 0; i < 200; i++)
{
    using HttpResponseMessage response = await client.PostAsync("/classify", new ReadOnlyMemoryContent(images[i]));
    Classification answer = (await response.Content.ReadFromJsonAsync<Classification>())!;
    right += answer.Class == FashionImages.Classes[images.Label(i)] ? 1 : 0;
}

using HttpResponseMessage refused = await client.PostAsync("/classify", new ByteArrayContent(new byte[10]));
Console.WriteLine($"{right} of 200 images are classified right; too short a body gives {(int)refused.StatusCode}");
Expect.True(right >= 180, "nine of ten images are classified right");
Expect.True((int)refused.StatusCode == 400, "too short a body is refused");
File.Delete(path);
