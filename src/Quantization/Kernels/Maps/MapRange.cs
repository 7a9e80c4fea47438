using System.Runtime.CompilerServices;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>Maps a range of a tensor's elements, run by run. The width is chosen once for all of them: runs may be short.</summary>
/// <typeparam name="TSource">The elements to read.</typeparam>
/// <typeparam name="TInput">What the operation takes: the same, or float for values that go through a tile.</typeparam>
/// <typeparam name="TDestination">The elements to write.</typeparam>
/// <typeparam name="TOperation">The operation.</typeparam>
/// <param name="source">The first element of the tensor to read.</param>
/// <param name="destination">The first element of the tensor to write.</param>
/// <param name="layout">How the tensor is cut into runs.</param>
/// <param name="from">The first element of the range.</param>
/// <param name="to">The element after the last.</param>
/// <param name="lanes">The parameters.</param>
internal readonly unsafe struct MapRange<TSource, TInput, TDestination, TOperation>(
    TSource* source, TDestination* destination, RunLayout layout, nint from, nint to, LaneSource* lanes) : IWidthAction
    where TSource : unmanaged
    where TInput : unmanaged
    where TDestination : unmanaged
    where TOperation : struct, IUniformOperation<TInput, TDestination>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public void Invoke<TSimd, TFloats, TInts>()
        where TSimd : struct, ISimd<TFloats, TInts>
        where TFloats : unmanaged
        where TInts : unmanaged
    {
        float* tile = stackalloc float[ValueTiles.Length];
        bool needsTile = typeof(TSource) != typeof(TInput) || (TOperation.TakesPrescaledValues && lanes->NeedsPrescale);
        bool pastCaches = (void*)source != destination && Driver.ExceedsCaches<TSource, TDestination>(to - from);
        nint next = from;
        for (nint number = layout.RunOf(from); next < to; number++)
        {
            Run run = layout.GetRun(number, next, to);
            next += run.Count;
            if ((Driver.IsPair<TDestination>() || Driver.IsPair<TInput>()) && run.Start % 2 != 0)
            {
                MapUpperHalf(run, tile);
                run = layout.Part(run, 1, run.Count - 1);
            }

            for (nint done = 0; done < run.Count;)
            {
                Run part = layout.Part(run, done, needsTile ? Math.Min(ValueTiles.Length, run.Count - done) : run.Count);
                TInput* input = needsTile ? (TInput*)tile : Driver.Advance((TInput*)source, part.Start);
                if (needsTile)
                {
                    FillTile(part, tile);
                }

                new MapRun<TInput, TDestination, TOperation>(
                    lanes, input, Driver.Advance(destination, part.Start), layout.IndexOf(part), part.Count, pastCaches)
                    .Invoke<TSimd, TFloats, TInts>();
                done += part.Count;
            }
        }

        if (pastCaches)
        {
            Driver.Fence();
        }
    }

    private void MapUpperHalf(Run run, float* tile)
    {
        MappingParameters mapping = lanes->Rows[layout.ParameterOf(run)];
        if (Driver.IsPair<TInput>())
        {
            TOperation.MapOne((TInput*)source, run.Start, destination, run.Start, mapping, lanes);
        }
        else
        {
            ValueTiles.Fill(source + run.Start, 1, tile);
            TOperation.MapOne((TInput*)tile, 0, destination, run.Start, mapping, lanes);
        }
    }

    private void FillTile(Run part, float* tile)
    {
        int length = (int)part.Count;
        ValueTiles.Fill(source + part.Start, length, tile);
        if (!TOperation.TakesPrescaledValues || !lanes->NeedsPrescale)
        {
            return;
        }

        // Such layouts merge no runs, so that parameters are those of runs or of elements.
        if (lanes->Lookup == ParameterLookup.PerElement)
        {
            ValueTiles.Prescale(tile, length, lanes->Rows + part.Parameter);
        }
        else
        {
            ValueTiles.Prescale(tile, length, lanes->Rows[part.Parameter].Prescale);
        }
    }
}
