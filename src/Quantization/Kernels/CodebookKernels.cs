namespace Quantization.Kernels;

/// <summary>Runs of elements through a codebook.</summary>
internal static unsafe class CodebookKernels
{
    public static void Quantize(float* source, byte* codes, Run run, bool parameterPerElement, ReadOnlySpan<float> scales, Codebook codebook, CodeType type)
    {
        for (nint i = 0; i < run.Count; i++)
        {
            float scale = scales[(int)(parameterPerElement ? run.Parameter + i : run.Parameter)];
            CodeStorage.Write(type, codes, run.Start + i, codebook.Encode(source[run.Start + i] / scale));
        }
    }

    public static void Dequantize(byte* codes, float* destination, Run run, bool parameterPerElement, ReadOnlySpan<float> scales, Codebook codebook, CodeType type)
    {
        for (nint i = 0; i < run.Count; i++)
        {
            float scale = scales[(int)(parameterPerElement ? run.Parameter + i : run.Parameter)];
            destination[run.Start + i] = codebook.Levels[CodeStorage.Read(type, codes, run.Start + i)] * scale;
        }
    }

    public static void FakeQuantize(float* source, float* destination, Run run, bool parameterPerElement, ReadOnlySpan<float> scales, Codebook codebook)
    {
        for (nint i = 0; i < run.Count; i++)
        {
            float scale = scales[(int)(parameterPerElement ? run.Parameter + i : run.Parameter)];
            destination[run.Start + i] = codebook.Levels[codebook.Encode(source[run.Start + i] / scale)] * scale;
        }
    }

    /// <summary>Looks at every code before anything is written.</summary>
    public static void ThrowUnlessCodesHaveLevels(byte* codes, nint count, CodeType type, int levels, string parameterName)
    {
        for (nint i = 0; i < count; i++)
        {
            int code = CodeStorage.Read(type, codes, i);
            if ((uint)code >= (uint)levels)
            {
                throw new ArgumentException($"Code {i} is {code}; the codebook has levels for 0 … {levels - 1}.", parameterName);
            }
        }
    }
}
