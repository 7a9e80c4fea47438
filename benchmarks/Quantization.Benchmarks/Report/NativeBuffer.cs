using System.Runtime.InteropServices;

namespace Quantization.Benchmarks.Report;

/// <summary>Page-aligned memory outside the managed heap, touched before it is measured.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    public NativeBuffer(nint bytes)
    {
        Length = bytes;
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        NativeMemory.Fill(Pointer, (nuint)bytes, 1);
    }

    public byte* Pointer { get; }

    public nint Length { get; }

    public static NativeBuffer OfFloats(nint count, float spread)
    {
        NativeBuffer buffer = new(count * sizeof(float));
        Random random = new(1);
        float* values = (float*)buffer.Pointer;
        for (nint i = 0; i < count; i++)
        {
            values[i] = (random.NextSingle() - 0.5f) * spread;
        }

        return buffer;
    }

    public void Dispose() => NativeMemory.AlignedFree(Pointer);
}
