namespace Quantization.Onnx.Tests.Golden;

/// <summary>One model file to write and compare.</summary>
/// <param name="Model">The float model's name.</param>
/// <param name="Options">What tells the case from others of the model.</param>
/// <param name="IsQuick">Whether every run of the tests has the time for it.</param>
/// <param name="Write">Makes the bytes.</param>
internal sealed record GoldenCase(string Model, string Options, bool IsQuick, Func<byte[]> Write)
{
    /// <summary>The case's place in the table.</summary>
    public string Key => $"{Model} | {Options}";
}
