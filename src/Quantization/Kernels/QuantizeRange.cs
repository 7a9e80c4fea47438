using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Quantizes a range of a tensor's elements, run by run. The width is chosen once for all of them: runs may be short.</summary>
/// <param name="source">The first value of the tensor.</param>
/// <param name="codes">The first code of the tensor.</param>
/// <param name="layout">How the tensor is cut into runs.</param>
/// <param name="from">The first element of the range.</param>
/// <param name="to">The element after the last.</param>
/// <param name="table">The parameters.</param>
internal readonly unsafe struct QuantizeRange<TValue, TCode>(TValue* source, TCode* codes, RunLayout layout, nint from, nint to, ParameterTable table) : IWidthAction
    where TValue : unmanaged
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
        bool plain = UniformKernels.IsPlain<TValue, TCode>(table.NeedsPrescale);
        bool pastCaches = (void*)source != codes && Driver.ExceedsCaches<TValue, TCode>(to - from);
        nint next = from;
        for (nint number = layout.RunOf(from); next < to; number++)
        {
            Run run = layout.GetRun(number, next, to);
            next += run.Count;
            if (typeof(TCode) == typeof(SignedPair) || typeof(TCode) == typeof(UnsignedPair))
            {
                run = QuantizeUpperHalf(run);
            }

            for (nint done = 0; done < run.Count;)
            {
                nint length = plain ? run.Count : Math.Min(ValueTiles.Length, run.Count - done);
                Run part = layout.Part(run, done, length);
                float* values = (float*)(source + part.Start);
                if (!plain)
                {
                    UniformTensorKernels.FillTile<TValue, TCode>(source, part, layout.Lookup, table, tile);
                    values = tile;
                }

                new QuantizeRun<TCode>(values, UniformKernels.Advance(codes, part.Start), layout.IndexOf(part), length, &lanes, pastCaches).Invoke<TSimd, TFloats, TInts>();
                done += length;
            }
        }

        UniformTensorKernels.FenceAfter(pastCaches);
        GC.KeepAlive(table);
    }

    /// <summary>Quantizes a first element that lies in the upper half of a byte, and returns the rest of the run.</summary>
    private Run QuantizeUpperHalf(Run run)
    {
        if (run.Start % 2 == 0)
        {
            return run;
        }

        float value;
        ValueTiles.Fill(source + run.Start, 1, &value);
        MappingParameters mapping = table.Rows[layout.ParameterOf(run)];
        CodeStorage.Write(
            table.Format.Type, (byte*)codes, run.Start, ScalarUniform.Quantize(value, mapping.Scale, mapping.ZeroPoint, table.Format.MinCode, table.Format.MaxCode));
        return layout.Part(run, 1, run.Count - 1);
    }
}
