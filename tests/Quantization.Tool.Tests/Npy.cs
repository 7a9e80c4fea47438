using System.Runtime.InteropServices;
using System.Text;

namespace Quantization.Tool.Tests;

/// <summary>Writes NumPy arrays, spelled out.</summary>
internal static class Npy
{
    public static byte[] Float(float[] values, params int[] shape) => Write("<f4", MemoryMarshal.AsBytes<float>(values).ToArray(), shape);

    public static byte[] Double(double[] values, params int[] shape) =>
        Write("<f8", MemoryMarshal.AsBytes<double>(values).ToArray(), shape);

    public static byte[] Long(ReadOnlySpan<byte> values, params int[] shape) => Write("<i8", values.ToArray(), shape);

    private static byte[] Write(string type, byte[] data, int[] shape)
    {
        string header =
            $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Concat(shape.Select(length => $"{length}, "))}), }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
