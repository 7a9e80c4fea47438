namespace Quantization.Onnx.Tests.Samples;

/// <summary>The checked-in samples; see their README.</summary>
internal static class SampleData
{
    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "Samples", "Data", file);
}
