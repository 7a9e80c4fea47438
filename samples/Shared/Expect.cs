namespace Quantization.Samples;

/// <summary>How a sample tells that it did not work, so that a build notices.</summary>
internal static class Expect
{
    /// <summary>Ends the sample unless the condition holds.</summary>
    public static void True(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"This sample expects that {what}, which is not so.");
        }
    }
}
