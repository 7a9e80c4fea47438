using Quantization.Images;
using Quantization.Onnx;

namespace Quantization.Examples;

internal static class ImagesExample
{
    public static void Run()
    {
        ImageFolder images = ImageFolder.ForModel(
            "model.onnx", "images", new ImageOptions { Mean = [0.5], StandardDeviation = [0.5] }, foldersAreClasses: true);
        (ImageFolder calibration, ImageFolder scoring) = images.Split();
        PtqResult result = PostTrainingQuantizer.Quantize("model.onnx", calibration, "model.int8.onnx");
        Console.WriteLine($"{images.Count} images of {images.Classes.Count} classes, {scoring.Count} to score; {result.OutputBytes} of "
            + $"{result.ModelBytes} bytes");
    }
}
