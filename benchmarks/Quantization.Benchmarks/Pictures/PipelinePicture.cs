namespace Quantization.Benchmarks.Pictures;

/// <summary>The way of a model from floats to int8.</summary>
internal static class PipelinePicture
{
    /// <summary>Draws it.</summary>
    public static string Draw()
    {
        SvgPage page = new(860, 250, "From a float model and samples to an int8 model: clean, observe, plan, round, write, measure");
        (string Style, string Name, string Note)[] steps =
        [
            ("float", "model.onnx", "~float32"),
            ("box", "Passes", "~same function"),
            ("box", "Plan", "~codes, and where"),
            ("box", "Rounding", "~weights to codes"),
            ("box", "Lowering", "~ONNX nodes"),
            ("int", "model.int8.onnx", "~int8, QDQ form"),
        ];
        const double Width = 120;
        for (int i = 0; i < steps.Length; i++)
        {
            double x = 10 + (i * 144);
            page.Box(x, 30, Width, 56, steps[i].Style, steps[i].Name, steps[i].Note);
            if (i > 0)
            {
                page.Arrow(x - 22, 58, x - 2, 58);
            }
        }

        page.Box(154, 160, Width, 56, "data", "samples", "~like real inputs")
            .Arrow(276, 188, 296, 188)
            .Box(298, 160, Width, 56, "box", "Statistics", "~what was seen")
            .Arrow(420, 188, 440, 188)
            .Box(442, 160, Width, 56, "box", "Calibrator", "~which range");
        page.Line(214, 88, 214, 124).Line(214, 124, 358, 124).Arrow(358, 124, 358, 158).Text(286, 118, "run once", "m", size: 11.5);
        page.Line(502, 158, 502, 138).Line(502, 138, 400, 138)
            .Text(508, 132, "scale, zero-point", "m", "start", 11.5);
        page.Arrow(400, 138, 400, 88);
        page.Box(730, 160, Width, 56, "box", "Scoring", "~what it costs").Arrow(790, 88, 790, 158);
        return page.ToString();
    }
}
