using System.Globalization;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.Pictures;

/// <summary>The values of one activation of the example classifier, and the range of each calibrator at 8 and at 4 bits.</summary>
internal static class CalibratorPicture
{
    private const string Activation = "features.b4/add";
    private const double Left = 130;
    private const double Width = 680;
    private const double Bottom = 220;
    private const double PlotHeight = 170;
    private const double Limit = 12;

    /// <summary>Calibrates on 500 images and draws it.</summary>
    public static string Draw()
    {
        ModelCalibration calibration = ModelCalibrator.Calibrate(FashionExample.ModelPath, FashionExample.TrainingImages(0, 500));
        TensorStatistics seen = calibration.Activations[Activation];
        SvgPage page = new(860, 470, "A histogram of one activation, and the ranges of four calibrators");
        string title = string.Create(CultureInfo.InvariantCulture, $"{Activation}: {seen.Count:N0} values of 500 images (logarithmic)");
        page.Text(Left, 22, title, anchor: "start", size: 14, isBold: true);
        Histogram(page, seen);
        for (int value = -12; value <= 12; value += 4)
        {
            page.Line(X(value), Bottom, X(value), 440, "grid");
            page.Text(X(value), Bottom + 16, value.ToString(CultureInfo.InvariantCulture), "m", size: 11.5);
        }

        Ranges(page, seen, 250, "8 bits", CodeFormat.UInt8);
        Ranges(page, seen, 350, "4 bits", CodeFormat.Unsigned(4));
        return page.ToString();
    }

    private static void Histogram(SvgPage page, TensorStatistics seen)
    {
        const int Columns = 170;
        long[] counts = new long[Columns];
        Count(seen.PositiveBins, 1);
        Count(seen.NegativeBins, -1);
        counts[Columns / 2] += seen.ZeroCount;
        double highest = Math.Log10(counts.Max());
        for (int i = 0; i < Columns; i++)
        {
            if (counts[i] > 0)
            {
                double height = (Math.Log10(counts[i]) + 0.3) / (highest + 0.3) * PlotHeight;
                page.Bar(Left + (i * Width / Columns), Bottom - height, Width / Columns - 0.6, height, "bars");
            }
        }

        void Count(ReadOnlySpan<long> bins, int sign)
        {
            for (int i = 0; i < bins.Length && (i + 1) * seen.BinWidth < Limit; i++)
            {
                double value = sign * (i + 0.5) * seen.BinWidth;
                counts[(int)((value + Limit) / (2 * Limit) * Columns)] += bins[i];
            }
        }
    }

    private static void Ranges(SvgPage page, TensorStatistics seen, double top, string name, CodeFormat format)
    {
        page.Text(16, top + 46, name, anchor: "start", size: 14, isBold: true);
        ICalibrator[] calibrators = [new MaxCalibrator(), new PercentileCalibrator(), new EntropyCalibrator(), new MseCalibrator()];
        for (int i = 0; i < calibrators.Length; i++)
        {
            ValueRange range = calibrators[i].Calibrate(seen, format, QuantizationScheme.Affine).Range;
            double y = top + (i * 21);
            string words = string.Create(CultureInfo.InvariantCulture, $"{range.Min:0.00} to {range.Max:0.00}");
            page.Text(Left - 4, y + 11, calibrators[i].Name.Split(' ')[0], "t", "end", 12);
            page.Bar(X(range.Min), y, X(range.Max) - X(range.Min), 14, "fit");
            page.Text(X(range.Max) + 6, y + 11.5, words, "m", "start", 11);
        }
    }

    private static double X(double value) => Left + ((value + Limit) / (2 * Limit) * Width);
}
