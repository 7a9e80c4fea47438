using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Quantizes and dequantizes a range of a tensor's elements, run by run.</summary>
/// <typeparam name="TCode">A code type as wide as the simulated one.</typeparam>
/// <param name="source">The first value of the tensor.</param>
/// <param name="destination">The first result of the tensor.</param>
/// <param name="layout">How the tensor is cut into runs.</param>
/// <param name="from">The first element of the range.</param>
/// <param name="to">The element after the last.</param>
/// <param name="table">The parameters.</param>
internal readonly unsafe struct FakeQuantizeRange<TCode>(float* source, float* destination, RunLayout layout, nint from, nint to, ParameterTable table) : IWidthAction
    where TCode : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        float* tile = stackalloc float[ValueTiles.Length];
        LaneSource lanes = new(table, layout);
        bool plain = UniformKernels.IsPlain<float, TCode>(table.NeedsPrescale);
        bool pastCaches = source != destination && Driver.ExceedsCaches<float, float>(to - from);
        nint next = from;
        for (nint number = layout.RunOf(from); next < to; number++)
        {
            Run run = layout.GetRun(number, next, to);
            next += run.Count;
            for (nint done = 0; done < run.Count;)
            {
                nint length = plain ? run.Count : Math.Min(ValueTiles.Length, run.Count - done);
                Run part = layout.Part(run, done, length);
                float* values = source + part.Start;
                if (!plain)
                {
                    UniformTensorKernels.FillTile<float, TCode>(source, part, layout.Lookup, table, tile);
                    values = tile;
                }

                new FakeQuantizeRun<TCode>(values, destination + part.Start, layout.IndexOf(part), length, &lanes, pastCaches).Invoke<TSimd, TFloats, TInts>();
                done += length;
            }
        }

        UniformTensorKernels.FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }
}
