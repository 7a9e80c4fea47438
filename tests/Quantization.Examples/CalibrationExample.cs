namespace Quantization.Examples;

internal static class CalibrationExample
{
    public static void Run()
    {
        float[] values = [-1f, -0.25f, 0f, 0.5f, 1f, 3f];
        var statistics = new TensorStatistics();
        statistics.Observe(values);
        ValueRange range = new MaxCalibrator().Calibrate(statistics, CodeFormat.UInt8, QuantizationScheme.Affine).Range;
        AffineQuantizer quantizer = AffineQuantizer.FromRange(range, CodeFormat.UInt8);
        byte[] codes = new byte[values.Length];
        quantizer.Quantize(values, codes); // 0 48 64 96 128 255

        Console.WriteLine(string.Join(' ', codes));
    }
}
