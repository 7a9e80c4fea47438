using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Dequantizes a range of a tensor's elements, run by run.</summary>
/// <param name="codes">The first code of the tensor.</param>
/// <param name="destination">The first value of the tensor.</param>
/// <param name="layout">How the tensor is cut into runs.</param>
/// <param name="from">The first element of the range.</param>
/// <param name="to">The element after the last.</param>
/// <param name="table">The parameters.</param>
internal readonly unsafe struct DequantizeRange<TCode>(TCode* codes, float* destination, RunLayout layout, nint from, nint to, ParameterTable table) : IWidthAction
    where TCode : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        LaneSource lanes = new(table, layout);
        bool pastCaches = (void*)codes != destination && Driver.ExceedsCaches<TCode, float>(to - from);
        nint next = from;
        for (nint number = layout.RunOf(from); next < to; number++)
        {
            Run run = layout.GetRun(number, next, to);
            next += run.Count;
            if ((typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair)) && run.Start % 2 != 0)
            {
                MappingParameters mapping = table.Rows[layout.ParameterOf(run)];
                destination[run.Start] = ScalarUniform.Dequantize(CodeStorage.Read(table.Format.Type, (byte*)codes, run.Start), mapping.Scale, mapping.ZeroPoint);
                run = layout.Part(run, 1, run.Count - 1);
            }

            new DequantizeRun<TCode>(UniformKernels.Advance(codes, run.Start), destination + run.Start, layout.IndexOf(run), run.Count, &lanes, pastCaches).Invoke<TSimd, TFloats, TInts>();
        }

        UniformTensorKernels.FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }
}
