namespace Quantization.Kernels.Simd;

/// <summary>Work that is compiled for each width of vectors; see <see cref="Width"/>.</summary>
internal interface IWidthAction
{
    void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged;
}
