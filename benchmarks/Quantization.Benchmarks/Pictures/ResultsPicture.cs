using System.Globalization;

namespace Quantization.Benchmarks.Pictures;

/// <summary>Size, time and accuracy of four real models before and after, as the studies of the documents record them.</summary>
internal static class ResultsPicture
{
    /// <summary>Draws it.</summary>
    /// <param name="theme">The colours.</param>
    public static string Draw(SvgTheme theme)
    {
        // docs/studies/accuracy.md (classifier, recognizer on calibration set 2, super-resolution);
        // docs/studies/transformers.md (encoder, dynamic --data).
        (string Name, string Kind, double Size, double Time, string Accuracy, string After)[] models =
        [
            ("Image classifier", "MobileNet style, static int8", 0.292, 0.68, "answers like the float model", "99.5 %"),
            ("Text recognizer (OCR)", "PaddleOCR v4, static int8", 0.263, 0.49, "character errors, float → int8", "0.63 % → 0.81 %"),
            ("Sentence encoder", "MiniLM, dynamic int8", 0.254, 0.40, "cosine to float embeddings", "0.9984"),
            ("Super-resolution", "ESPCN, static int8", 0.261, 0.37, "cosine to float images", "0.99995"),
        ];
        SvgPage page = new(860, 286, "Size, time and accuracy of four models, quantized, beside the float models", theme);
        page.Text(240, 24, "size of float", "m", "start").Text(440, 24, "time of float", "m", "start");
        page.Text(640, 24, "accuracy", "m", "start");
        for (int i = 0; i < models.Length; i++)
        {
            (string name, string kind, double size, double time, string accuracy, string after) = models[i];
            double y = 42 + (i * 61);
            page.Text(10, y + 18, name, anchor: "start", size: 15, isBold: true).Text(10, y + 37, kind, "m", "start", 12);
            Share(page, 240, y, size);
            Share(page, 440, y, time);
            page.Text(640, y + 18, after, anchor: "start", size: 15, isBold: true).Text(640, y + 37, accuracy, "m", "start", 12);
        }

        return page.ToString();
    }

    private static void Share(SvgPage page, double x, double y, double share)
    {
        const double Whole = 170;
        page.Bar(x, y + 6, Whole, 16, "rest").Bar(x, y + 6, Whole * share, 16, "fit");
        page.Text(x, y + 38, string.Create(CultureInfo.InvariantCulture, $"{share:P0}"), anchor: "start", size: 12.5);
    }
}
