namespace Quantization.Examples;

internal static class CodebookExample
{
    public static void Run()
    {
        var quantizer = new CodebookQuantizer(new Codebook(thresholds: [0f, 1f], levels: [-0.5f, 0.5f, 1.5f]));
        byte[] codes = new byte[4];
        quantizer.Quantize([-3f, 0f, 0.99f, 1f], codes); // 0 1 1 2

        Console.WriteLine(string.Join(' ', codes));
    }
}
