using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>Writes calibrations as output files.</summary>
internal static class StateFile
{
    public static void Save(ModelCalibration calibration, OutputFile output)
    {
        output.Write(path =>
        {
            calibration.Save(path);
            return path;
        });
        output.Commit();
    }
}
