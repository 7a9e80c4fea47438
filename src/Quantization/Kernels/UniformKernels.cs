namespace Quantization.Kernels;

/// <summary>Runs of elements through the affine mapping.</summary>
internal static unsafe class UniformKernels
{
    public static void Quantize(float* source, byte* codes, Run run, bool parameterPerElement, UniformParameters parameters)
    {
        CodeFormat format = parameters.Format;
        for (nint i = 0; i < run.Count; i++)
        {
            nint p = parameterPerElement ? run.Parameter + i : run.Parameter;
            CodeStorage.Write(format.Type, codes, run.Start + i, ScalarUniform.Quantize(source[run.Start + i], parameters.Scales[p], parameters.ZeroPoints[p], format.MinCode, format.MaxCode));
        }
    }

    public static void Dequantize(byte* codes, float* destination, Run run, bool parameterPerElement, UniformParameters parameters)
    {
        CodeFormat format = parameters.Format;
        for (nint i = 0; i < run.Count; i++)
        {
            nint p = parameterPerElement ? run.Parameter + i : run.Parameter;
            destination[run.Start + i] = ScalarUniform.Dequantize(CodeStorage.Read(format.Type, codes, run.Start + i), parameters.Scales[p], parameters.ZeroPoints[p]);
        }
    }

    public static void FakeQuantize(float* source, float* destination, Run run, bool parameterPerElement, UniformParameters parameters)
    {
        CodeFormat format = parameters.Format;
        for (nint i = 0; i < run.Count; i++)
        {
            nint p = parameterPerElement ? run.Parameter + i : run.Parameter;
            int code = ScalarUniform.Quantize(source[run.Start + i], parameters.Scales[p], parameters.ZeroPoints[p], format.MinCode, format.MaxCode);
            destination[run.Start + i] = ScalarUniform.Dequantize(code, parameters.Scales[p], parameters.ZeroPoints[p]);
        }
    }
}
