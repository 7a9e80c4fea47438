// A web service that quantizes what is uploaded to it by a registered quantizer: the model comes from the request's body, the result goes
// into the response, and a caller who hangs up stops the work.
using System.Net;
using Quantization.Hosting;
using Quantization.Onnx;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(options => options.Limits.MaxRequestBodySize = null);
builder.Logging.ClearProviders();
builder.Services.AddModelQuantizer(options => options.Static = new PtqOptions { LatencyRuns = 0 });
await using WebApplication app = builder.Build();
TaskCompletionSource stopped = new();
int given = 0;
app.MapPost("/quantize", async (HttpContext context, IModelQuantizer quantizer, int samples, int delay) =>
{
    try
    {
        OnnxModel model = await OnnxModel.FromStreamAsync(context.Request.Body, "upload", context.RequestAborted);
        await quantizer.QuantizeAsync(
            model, Samples(samples, delay), ModelOutput.ToStream(context.Response.Body), null, context.RequestAborted);
    }
    catch (OperationCanceledException)
    {
        stopped.SetResult();
    }
    catch (OnnxModelException e)
    {
        context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        await context.Response.WriteAsync(e.Message);
    }
});
await app.StartAsync();
using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()) };
byte[] original = await File.ReadAllBytesAsync(args[0]);

byte[] quantized = await (await client.PostAsync("/quantize?samples=16&delay=0", new ByteArrayContent(original)))
    .Content.ReadAsByteArrayAsync();
using MemoryStream expected = new();
PostTrainingQuantizer.Quantize(
    args[0],
    SampleSource.FromEnumerable(Enumerable.Range(0, 16).Select(Sample)),
    ModelOutput.ToStream(expected),
    new PtqOptions { LatencyRuns = 0 });
Check(quantized.AsSpan().SequenceEqual(expected.ToArray()), "the response is the model that a call by path makes");

HttpResponseMessage refused = await client.PostAsync("/quantize?samples=1&delay=0", new ByteArrayContent(original[..1000]));
Check(refused.StatusCode == HttpStatusCode.UnprocessableEntity
    && (await refused.Content.ReadAsStringAsync()).StartsWith("upload: ", StringComparison.Ordinal), "a damaged upload is named");

using CancellationTokenSource hangUp = new(TimeSpan.FromSeconds(2));
given = 0;
try
{
    await client.PostAsync("/quantize?samples=1000000&delay=20", new ByteArrayContent(original), hangUp.Token);
    Check(false, "the call was cancelled");
}
catch (OperationCanceledException)
{
}

await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30));
Check(given is > 0 and < 1000, "the work stopped when the caller hung up");
Console.WriteLine($"service: {original.Length} bytes to {quantized.Length}, a damaged model refused, a caller who hung up obeyed");
return 0;

async IAsyncEnumerable<ModelSample> Samples(int count, int delay)
{
    for (int i = 0; i < count; i++)
    {
        await Task.Delay(delay);
        given++;
        yield return Sample(i);
    }
}

static ModelSample Sample(int seed)
{
    Random random = new(seed);
    return new ModelSample(
        $"sample {seed}",
        SampleTensor.Create<float>("image", [.. Enumerable.Range(0, 28 * 28).Select(_ => random.NextSingle())], 1, 28, 28));
}

static void Check(bool condition, string what)
{
    if (!condition)
    {
        throw new InvalidOperationException($"Not so: {what}.");
    }
}
