using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Quantization.Kernels.Simd;

/// <summary>Walks a map over memory: the only loops over elements that mappings have.</summary>
internal static unsafe class Driver
{
    /// <summary>
    /// The bytes, read and written, from which a run of narrowing elements is split into two streams with stores past the caches: what does
    /// not stay in a core's own caches gains by both.
    /// </summary>
    private const nint NarrowingStreamBytes = 4 << 20;

    /// <summary>
    /// The same where as much is written as read, or more: written lines are worth keeping as long as a cache shared by the cores has room
    /// for them.
    /// </summary>
    private const nint StreamBytes = 16 << 20;

    /// <summary>
    /// How many bytes ahead a loop over memory outside the caches asks for them: a page, where the hardware's own look-ahead ends.
    /// </summary>
    private const int PrefetchDistance = 4096;

    /// <summary>Stores past the caches are aligned to what the widest of them needs.</summary>
    private const int StreamingAlignment = 64;

    /// <summary>
    /// Maps <paramref name="count"/> elements. The destination lies outside the source, or starts where it starts and its elements are no
    /// wider.
    /// </summary>
    /// <param name="map">The mapping.</param>
    /// <param name="source">The first element to read.</param>
    /// <param name="destination">The first element to write.</param>
    /// <param name="index">The number of the first element for the map.</param>
    /// <param name="count">How many elements.</param>
    /// <param name="pastCaches">
    /// Whether the elements are part of so many that stores should go past the caches; the caller then ends with <see cref="Fence"/>.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches = false)
        where TMap : struct, IMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        nint head = 0;
        bool separate = source != (void*)destination;
        if (separate && ExceedsCaches<TSource, TDestination>(count) && TryAlign(destination, out head) && (!TMap.KeepsSteps
            || head % TMap.Step == 0))
        {
            if (head > 0)
            {
                RunWhole<CachedStores, TMap, TSource, TDestination>(map, source, destination, index, head);
            }

            RunStreams(map, Advance(source, head), Advance(destination, head), index + head, count - head);
        }
        else if (separate && pastCaches && TryAlign(destination, out head) && head == 0)
        {
            RunWhole<NonTemporalStores, TMap, TSource, TDestination>(map, source, destination, index, count);
        }
        else
        {
            RunWhole<CachedStores, TMap, TSource, TDestination>(map, source, destination, index, count);
        }
    }

    /// <summary>
    /// Maps two stretches that follow one another and take the same parameters, side by side. The destination lies outside the source.
    /// </summary>
    /// <param name="map">The mapping.</param>
    /// <param name="source">The first element to read.</param>
    /// <param name="destination">The first element to write.</param>
    /// <param name="index">The number of the first element for the map.</param>
    /// <param name="count">How many elements a stretch has: whole steps.</param>
    /// <param name="pastCaches">Whether stores should go past the caches; the caller then ends with <see cref="Fence"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunSideBySide<TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count, bool pastCaches)
        where TMap : struct, IPairedMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        if (pastCaches && TryAlign(destination, out nint head) && head == 0 && BytesOf<TDestination>(count) % StreamingAlignment == 0)
        {
            RunSideBySide<NonTemporalStores, TMap, TSource, TDestination>(map, source, destination, index, count);
        }
        else
        {
            RunSideBySide<CachedStores, TMap, TSource, TDestination>(map, source, destination, index, count);
        }
    }

    /// <summary>Whether mapping so many elements touches more memory than stays in a core's own caches.</summary>
    public static bool ExceedsCaches<TSource, TDestination>(nint count)
        where TSource : unmanaged
        where TDestination : unmanaged =>
        BytesOf<TSource>(count) + BytesOf<TDestination>(count) >= (BytesOf<TSource>(count) > BytesOf<TDestination>(count)
            ? NarrowingStreamBytes
            : StreamBytes);

    /// <summary>Makes stores past the caches visible before whatever follows.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunWhole<TStores, TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count)
        where TStores : struct, IStores
        where TMap : struct, IMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        // A copy of its own stays in registers.
        TMap step = map;
        nint i = 0;
        for (; i <= count - TMap.Step; i += TMap.Step)
        {
            if (TStores.AreNonTemporal)
            {
                Prefetch(Advance(source, i), (int)BytesOf<TSource>(TMap.Step));
            }

            step.Invoke<TStores>(Advance(source, i), Advance(destination, i), index + i);
        }

        if (i < count)
        {
            RunTail(map, Advance(source, i), Advance(destination, i), index + i, count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunSideBySide<TStores, TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count)
        where TStores : struct, IStores
        where TMap : struct, IPairedMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        TMap step = map;
        TSource* secondSource = Advance(source, count);
        TDestination* secondDestination = Advance(destination, count);
        for (nint i = 0; i < count; i += TMap.Step)
        {
            if (TStores.AreNonTemporal)
            {
                Prefetch(Advance(source, i), (int)BytesOf<TSource>(TMap.Step));
                Prefetch(Advance(secondSource, i), (int)BytesOf<TSource>(TMap.Step));
            }

            step.InvokePair<TStores>(
                Advance(source, i), Advance(secondSource, i), Advance(destination, i), Advance(secondDestination, i), index + i);
        }
    }

    /// <summary>
    /// Asks for what the loop, or that over the next run, reads <see cref="PrefetchDistance"/> later: between short runs the processor does
    /// not look far enough ahead by itself. Beyond the end it does nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<TSource>(TSource* source, int bytes)
        where TSource : unmanaged
    {
        if (Sse.IsSupported)
        {
            for (int line = 0; line < bytes; line += StreamingAlignment)
            {
                Sse.Prefetch0((byte*)source + PrefetchDistance + line);
            }
        }
    }

    /// <summary>Two halves side by side: two read streams keep more of the memory's pages open and its prefetchers busy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunStreams<TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count)
        where TMap : struct, IMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        TMap step = map;
        nint half = count / 2 / (2 * TMap.Step) * (2 * TMap.Step);
        for (nint i = 0; i < half; i += TMap.Step)
        {
            nint j = i + half;
            step.Invoke<NonTemporalStores>(Advance(source, i), Advance(destination, i), index + i);
            step.Invoke<NonTemporalStores>(Advance(source, j), Advance(destination, j), index + j);
        }

        Fence();
        RunWhole<CachedStores, TMap, TSource, TDestination>(
            map, Advance(source, 2 * half), Advance(destination, 2 * half), index + 2 * half, count - 2 * half);
    }

    /// <summary>The last elements go through buffers of a whole step, so that no map needs a second form for them.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunTail<TMap, TSource, TDestination>(
        in TMap map, TSource* source, TDestination* destination, nint index, nint count)
        where TMap : struct, IMap<TSource, TDestination>
        where TSource : unmanaged
        where TDestination : unmanaged
    {
        TSource* sourceStep = stackalloc TSource[TMap.Step];
        TDestination* destinationStep = stackalloc TDestination[TMap.Step];
        Unsafe.CopyBlockUnaligned(sourceStep, source, (uint)BytesOf<TSource>(count));
        map.Invoke<CachedStores>(sourceStep, destinationStep, index);
        if (IsPair<TDestination>() && count % 2 != 0)
        {
            // The half beside an odd last code is zero.
            ((byte*)destinationStep)[count / 2] &= 15;
        }

        Unsafe.CopyBlockUnaligned(destination, destinationStep, (uint)BytesOf<TDestination>(count));
    }

    /// <summary>How many elements to go until the destination is aligned; false where no whole number of elements leads there.</summary>
    private static bool TryAlign<TDestination>(TDestination* destination, out nint head)
        where TDestination : unmanaged
    {
        nint bytes = -(nint)destination & (StreamingAlignment - 1);
        head = IsPair<TDestination>() ? bytes * 2 : bytes / sizeof(TDestination);
        return bytes % sizeof(TDestination) == 0;
    }

    /// <summary>The address of an element, where two packed codes have one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* Advance<T>(T* pointer, nint elements)
        where T : unmanaged => IsPair<T>() ? pointer + elements / 2 : pointer + elements;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint BytesOf<T>(nint elements)
        where T : unmanaged => IsPair<T>() ? (elements + 1) / 2 : elements * sizeof(T);

    /// <summary>Whether an element is two packed codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPair<T>() => typeof(T) == typeof(SignedPair) || typeof(T) == typeof(UnsignedPair);
}
