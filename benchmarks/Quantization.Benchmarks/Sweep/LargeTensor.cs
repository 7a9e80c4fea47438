using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Quantization.Benchmarks.Sweep;

/// <summary>
/// A tensor of more than 2³¹ elements in native memory. Not a test: 8 GB of addresses and 1 GB of memory are too much for every machine
/// that runs the suite.
/// </summary>
internal static unsafe class LargeTensor
{
    private const int Columns = 1 << 16;
    private const int Rows = (1 << 15) + 1;

    public static int Run()
    {
        // The values are read, but written only at a few places, so that the system backs the others with one page of zeros.
        nint length = unchecked((nint)((long)Rows * Columns));
        float* values = (float*)NativeMemory.AllocZeroed((nuint)length * sizeof(float));
        byte* codes = (byte*)NativeMemory.Alloc((nuint)length / 2);
        nint[] places = [0, length / 2 + 1, int.MaxValue, unchecked((nint)int.MaxValue + 1), length - 1];
        foreach (nint place in places)
        {
            values[place] = 7 * (1 + place / Columns);
        }

        float[] scales = new float[Rows];
        for (int row = 0; row < scales.Length; row++)
        {
            scales[row] = 1 + row;
        }

        SymmetricQuantizer quantizer = new(CodeFormat.Int4, new QuantizationParameters(scales), Granularity.PerChannel(0));
        quantizer.Quantize(new ReadOnlyTensorSpan<float>(values, length, [Rows, Columns]), new TensorSpan<byte>(codes, length / 2));
        int wrong = 0;
        foreach (nint place in places)
        {
            int pair = codes[place / 2];
            wrong += (place % 2 == 0 ? pair & 15 : pair >> 4) == 7 ? 0 : 1;
            codes[place / 2] = 0;
        }

        for (nint start = 0; start < length / 2; start += 1 << 30)
        {
            wrong += new ReadOnlySpan<byte>(codes + start, (int)Math.Min(1 << 30, length / 2 - start)).ContainsAnyExcept((byte)0) ? 1 : 0;
        }

        NativeMemory.Free(values);
        NativeMemory.Free(codes);
        Console.WriteLine($"{length} elements per channel into packed 4-bit codes: {wrong} places differ");
        return wrong == 0 ? 0 : 1;
    }
}
