using Quantization.Onnx;
using SkiaSharp;

/// <summary>A line of text as the recognizer takes it: 3 × 48 × width, −1 to 1.</summary>
internal sealed record TextImage(float[] Pixels, int Width)
{
    public const int Height = 48;
    private const int LeastWidth = 320;
    private const int Margin = 8;

    public static TextImage Draw(string text)
    {
        using SKFont font = new(SKTypeface.Default, 30) { Edging = SKFontEdging.Antialias };
        int drawn = (int)MathF.Ceiling(font.MeasureText(text)) + (2 * Margin);
        using SKBitmap bitmap = new(new SKImageInfo(drawn, Height, SKColorType.Gray8, SKAlphaType.Opaque));
        using SKCanvas canvas = new(bitmap);
        using SKPaint paint = new() { Color = SKColors.Black, IsAntialias = true };
        canvas.Clear(SKColors.White);
        canvas.DrawText(text, Margin, 35, SKTextAlign.Left, font, paint);
        canvas.Flush();
        int width = Math.Max(LeastWidth, drawn);
        float[] pixels = new float[3 * Height * width];
        ReadOnlySpan<byte> grey = bitmap.GetPixelSpan();
        for (int i = 0; i < pixels.Length; i++)
        {
            int column = i % width, row = i / width % Height;
            pixels[i] = column < drawn ? (grey[(row * bitmap.RowBytes) + column] / 127.5f) - 1 : 0;
        }

        return new TextImage(pixels, width);
    }

    public ModelSample ToSample() => new("line", SampleTensor.Create<float>("x", Pixels, 3, Height, Width));
}
