namespace Quantization.Benchmarks.Pictures;

/// <summary>One product of matrices in static int8, in dynamic int8 and with int8 weights alone.</summary>
internal static class ThreeFormsPicture
{
    /// <summary>Draws it.</summary>
    public static string Draw()
    {
        SvgPage page = new(860, 400, "One matrix product three ways: static int8, dynamic int8, weight-only");
        string[] product = ["int", "product of codes", "~int8 × int8"];
        Column(page, 10, "Static", "quantize ptq", ["int", "codes of the input", "~range from calibration"], product,
            ["int", "codes of the result", "~range from calibration"], "needs samples; the next layer reads codes");
        Column(page, 300, "Dynamic", "quantize dynamic", ["int", "codes of the input", "~range at each run"], product,
            ["float", "float result", "~times both scales"], "needs no samples; finds ranges at run time");
        Column(page, 590, "Weight-only", "quantize weights", ["float", "float input", "~as it is"],
            ["float", "product with weights from codes", "~MatMulNBits"],
            ["float", "float result"], "needs no samples; nearest to the float model");
        return page.ToString();
    }

    private static void Column(
        SvgPage page, double x, string name, string command, string[] input, string[] product, string[] result, string note)
    {
        const double Width = 260;
        const double Half = 122;
        page.Text(x + (Width / 2), 24, name, size: 16, isBold: true).Text(x + (Width / 2), 44, command, "m");
        page.Box(x, 60, Half, 44, "float", "float input").Box(x + Width - Half, 60, Half, 44, "int", "int8 weights", "~scale per channel");
        page.Arrow(x + (Half / 2), 104, x + (Half / 2), 134);
        page.Box(x - 5, 136, Half + 10, 52, input[0], input[1], input[2]);
        page.Arrow(x + (Half / 2), 188, x + (Half / 2), 222);
        page.Arrow(x + Width - (Half / 2), 104, x + Width - (Half / 2), 222);
        page.Box(x, 224, Width, 48, product[0], product[1], product[2]);
        page.Arrow(x + (Width / 2), 272, x + (Width / 2), 304);
        page.Box(x + 50, 306, Width - 100, 48, result[0], result[1..]);
        page.Text(x + (Width / 2), 382, note, "m", size: 12);
    }
}
