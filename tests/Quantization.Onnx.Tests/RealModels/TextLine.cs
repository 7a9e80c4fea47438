using SkiaSharp;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>
/// A line of text and its picture, as the recognizer takes it: 3 × 48 × width, (x/255 − 0.5)/0.5, padded with 0 on the right.
/// </summary>
internal sealed record TextLine(string Text, float[] Pixels, int Width)
{
    public const int Height = 48;

    private const int LeastWidth = 320;
    private const int Margin = 8;

    private static readonly string[] Fonts =
        ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansMono.ttf"];

    private static readonly string[] Words =
    [
        "able", "about", "account", "address", "after", "amount", "annual", "answer", "april", "balance", "bank", "before", "between",
        "bicycle", "board", "branch", "bright", "budget", "camera", "carbon", "castle", "center", "change", "charge", "cheque", "city",
        "client", "coffee", "common", "company", "cotton", "country", "credit", "customer", "daily", "date", "degree", "delivery",
        "deposit", "design", "discount", "double", "early", "eastern", "electric", "engine", "evening", "exchange", "factory", "family",
        "february", "figure", "final", "flight", "forest", "friday", "garden", "general", "glass", "green", "ground", "harbor", "health",
        "history", "hotel", "hundred", "income", "invoice", "island", "january", "journey", "june", "kitchen", "language", "ledger",
        "letter", "library", "license", "limited", "machine", "market", "master", "medical", "member", "message", "method", "million",
        "minute", "modern", "monday", "morning", "mountain", "museum", "nature", "north", "notice", "number", "october", "office", "open",
        "orange", "order", "package", "paper", "payment", "people", "person", "phone", "picture", "planet", "please", "postal", "power",
        "price", "private", "product", "public", "quality", "quantity", "quarter", "question", "railway", "receipt", "record", "refund",
        "region", "report", "river", "road", "sample", "school", "season", "second", "service", "shipping", "signal", "silver", "simple",
        "square", "station", "street", "student", "summer", "supply", "system", "table", "thousand", "ticket", "total", "traffic", "train",
        "travel", "tuesday", "under", "union", "value", "village", "visit", "water", "weather", "weekly", "western", "window", "winter",
        "wooden", "yellow", "yesterday",
    ];

    /// <summary>Lines of pseudo-random words and numbers. The same seed gives the same lines.</summary>
    public static TextLine[] Render(int seed, int count) => [.. Stream(seed, count)];

    /// <summary>The same, each line drawn when it is asked for.</summary>
    public static IEnumerable<TextLine> Stream(int seed, int count)
    {
        Random random = new(seed);
        SKTypeface[] typefaces = [.. Fonts.Select(
            font => SKTypeface.FromFile(Prerequisite.DebianFile($"/usr/share/fonts/truetype/dejavu/{font}", "fonts-dejavu-core")))];
        try
        {
            for (int i = 0; i < count; i++)
            {
                yield return Render(Compose(random), typefaces[random.Next(typefaces.Length)], random);
            }
        }
        finally
        {
            Array.ForEach(typefaces, typeface => typeface.Dispose());
        }
    }

    public ModelSample ToSample() => new($"'{Text}'", SampleTensor.Create<float>("x", Pixels, 3, Height, Width));

    private static string Compose(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(2, 6)).Select(_ =>
    {
        string word = Words[random.Next(Words.Length)];
        return random.Next(6) switch
        {
            0 => $"{random.Next(10_000)}",
            1 => $"{random.Next(1_000)}.{random.Next(100):00}",
            2 => word.ToUpperInvariant(),
            3 => char.ToUpperInvariant(word[0]) + word[1..],
            _ => word,
        };
    }));

    private static TextLine Render(string text, SKTypeface typeface, Random random)
    {
        using SKFont font = new(typeface, random.Next(24, 37)) { Edging = SKFontEdging.Antialias };
        int drawn = (int)MathF.Ceiling(font.MeasureText(text)) + 2 * Margin;
        byte paper = (byte)random.Next(180, 256), ink = (byte)random.Next(0, 90);
        using SKBitmap bitmap = new(new SKImageInfo(drawn, Height, SKColorType.Gray8, SKAlphaType.Opaque));
        using SKCanvas canvas = new(bitmap);
        using SKPaint paint = new() { Color = new SKColor(ink, ink, ink), IsAntialias = true };
        canvas.Clear(new SKColor(paper, paper, paper));
        canvas.DrawText(text, Margin, random.Next(32, 39), SKTextAlign.Left, font, paint);
        canvas.Flush();

        int width = Math.Max(LeastWidth, drawn);
        float[] pixels = new float[3 * Height * width];
        ReadOnlySpan<byte> gray = bitmap.GetPixelSpan();
        for (int row = 0; row < Height; row++)
        {
            for (int column = 0; column < drawn; column++)
            {
                int noisy = gray[row * bitmap.RowBytes + column] + random.Next(-6, 7);
                float value = (Math.Clamp(noisy, 0, 255) / 255f - 0.5f) / 0.5f;
                for (int channel = 0; channel < 3; channel++)
                {
                    pixels[(channel * Height + row) * width + column] = value;
                }
            }
        }

        return new TextLine(text, pixels, width);
    }
}
