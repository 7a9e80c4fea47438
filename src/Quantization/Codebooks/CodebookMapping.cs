using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Quantization.Kernels;

namespace Quantization.Codebooks;

/// <summary>Tensors through a codebook, tile by tile: quotients by the scales, codes, and packed codes; and back.</summary>
[SkipLocalsInit]
internal static unsafe class CodebookMapping
{
    /// <summary>Elements of a tile: a whole number of bytes in every packing, and small enough for the first-level cache.</summary>
    private const int TileLength = 2048;

    /// <summary>What packing may overwrite behind a tile.</summary>
    private const int TilePadding = 8;

    public static void Quantize(float* source, byte* codes, RunLayout layout, ReadOnlySpan<float> scales, CodebookCells cells, int codeBits)
    {
        byte* tile = stackalloc byte[TileLength + TilePadding];
        RunPieces pieces = new(layout);
        for (nint start = 0; start < layout.Length; start += TileLength)
        {
            int count = (int)Math.Min(TileLength, layout.Length - start);
            if (codeBits == 8)
            {
                QuantizeTile(source, count, codes + start, ref pieces, layout, scales, cells);
            }
            else
            {
                QuantizeTile(source, count, tile, ref pieces, layout, scales, cells);
                CodePacking.Pack(tile, count, codeBits, codes + start * codeBits / 8);
            }
        }
    }

    public static void Dequantize(
        byte* codes, float* destination, RunLayout layout, ReadOnlySpan<float> scales, CodebookCells cells, int codeBits)
    {
        byte* tile = stackalloc byte[TileLength + TilePadding];
        RunPieces pieces = new(layout);
        for (nint start = 0; start < layout.Length; start += TileLength)
        {
            int count = (int)Math.Min(TileLength, layout.Length - start);
            CodeTile tileCodes = new(codes + start * codeBits / 8, count, codeBits, tile);
            DequantizeTile(tileCodes, destination, count, ref pieces, layout, scales, cells);
        }
    }

    public static void FakeQuantize(float* source, float* destination, RunLayout layout, ReadOnlySpan<float> scales, CodebookCells cells)
    {
        byte* tile = stackalloc byte[TileLength];
        RunPieces forward = new(layout);
        RunPieces back = new(layout);
        for (nint start = 0; start < layout.Length; start += TileLength)
        {
            int count = (int)Math.Min(TileLength, layout.Length - start);
            QuantizeTile(source, count, tile, ref forward, layout, scales, cells);
            DequantizeTile(new CodeTile(tile, count, 8, null), destination, count, ref back, layout, scales, cells);
        }
    }

    /// <summary>The first code that has no level; −1 where all have.</summary>
    public static nint IndexOfInvalidCode(byte* codes, nint count, int codeBits, byte maxCode)
    {
        if (maxCode == (1 << codeBits) - 1)
        {
            return -1;
        }

        byte* tile = stackalloc byte[TileLength + TilePadding];
        for (nint start = 0; start < count; start += TileLength)
        {
            int length = (int)Math.Min(TileLength, count - start);
            byte* tileCodes = codes + start;
            if (codeBits != 8)
            {
                CodePacking.Unpack(codes + start * codeBits / 8, length, codeBits, tile);
                tileCodes = tile;
            }

            int index = new ReadOnlySpan<byte>(tileCodes, length).IndexOfAnyExceptInRange((byte)0, maxCode);
            if (index >= 0)
            {
                return start + index;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeTile(
        float* source, int count, byte* codes, ref RunPieces pieces, RunLayout layout, ReadOnlySpan<float> scales, CodebookCells cells)
    {
        bool walk = ThresholdTreeKernel.CanWalk(cells.Tree);
        float* quotients = stackalloc float[TileLength];
        fixed (float* firstScale = scales)
        {
            for (int done = 0; done < count;)
            {
                Run piece = pieces.Next(count - done, out nint offset);
                if (layout.Lookup == ParameterLookup.PerElement)
                {
                    TensorPrimitives.Divide(
                        new ReadOnlySpan<float>(source + piece.Start, (int)piece.Count),
                        scales.Slice((int)(piece.Parameter + offset), (int)piece.Count),
                        new Span<float>(quotients + done, (int)piece.Count));
                }
                else if (walk)
                {
                    SearchInRegisters(cells, source + piece.Start, ScalesOf(firstScale, piece, offset, layout), codes + done, piece.Count);
                }
                else if (layout.Lookup == ParameterLookup.PerRun)
                {
                    TensorPrimitives.Divide(
                        new ReadOnlySpan<float>(source + piece.Start, (int)piece.Count),
                        scales[(int)piece.Parameter],
                        new Span<float>(quotients + done, (int)piece.Count));
                }
                else
                {
                    ScaleRuns pieceScales = ScalesOf(firstScale, piece, offset, layout);
                    for (nint i = 0; i < piece.Count; i++)
                    {
                        quotients[done + i] = source[piece.Start + i] / pieceScales[i];
                    }
                }

                done += (int)piece.Count;
            }
        }

        if (!walk)
        {
            cells.Grid.Quantize(new ReadOnlySpan<float>(quotients, count), new Span<byte>(codes, count));
        }
        else if (layout.Lookup == ParameterLookup.PerElement)
        {
            float one = 1;
            SearchInRegisters(cells, quotients, ScaleRuns.One(&one), codes, count);
        }
    }

    /// <summary>By buckets or the heap as far as they reach; the tree takes all scales and lengths.</summary>
    private static void SearchInRegisters(CodebookCells cells, float* values, ScaleRuns scales, byte* codes, nint count)
    {
        nint done = 0;
        if (cells.Buckets is { } buckets && ThresholdBucketKernel.IsSupported)
        {
            done = ThresholdBucketKernel.Quantize(buckets, values, scales, codes, count);
        }
        else if (cells.Heap is { } heap && ThresholdHeapKernel.IsSupported)
        {
            done = ThresholdHeapKernel.Quantize(heap, values, scales, codes, count);
        }

        if (done < count)
        {
            ThresholdTreeKernel.Quantize(cells.Tree, values + done, scales.Skip(done), codes + done, count - done);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DequantizeTile(
        CodeTile codes, float* destination, int count, ref RunPieces pieces, RunLayout layout, ReadOnlySpan<float> scales,
        CodebookCells cells)
    {
        float one = 1;
        fixed (float* levels = cells.Levels, firstScale = scales)
        fixed (byte* planes = cells.LevelPlanes)
        {
            for (int done = 0; done < count;)
            {
                Run piece = pieces.Next(count - done, out nint offset);
                float* values = destination + piece.Start;
                bool isPerElement = layout.Lookup == ParameterLookup.PerElement;
                ScaleRuns pieceScales = isPerElement ? ScaleRuns.One(&one) : ScalesOf(firstScale, piece, offset, layout);
                nint paired = codes.AsPairs(done) is var pairs and not null
                    ? PairLevelKernel.Dequantize(levels, planes, pairs, pieceScales, values, piece.Count)
                    : 0;
                if (paired < piece.Count)
                {
                    LevelKernel.Dequantize(
                        levels,
                        cells.MaxCode,
                        codes.Unpacked + done + paired,
                        pieceScales.Skip(paired),
                        values + paired,
                        piece.Count - paired);
                }

                if (isPerElement)
                {
                    Span<float> levelsOfPiece = new(values, (int)piece.Count);
                    TensorPrimitives.Multiply(
                        levelsOfPiece, scales.Slice((int)(piece.Parameter + offset), (int)piece.Count), levelsOfPiece);
                }

                done += (int)piece.Count;
            }
        }
    }

    private static ScaleRuns ScalesOf(float* scales, Run piece, nint offset, RunLayout layout) => layout.Lookup == ParameterLookup.PerBlock
        ? new ScaleRuns(scales + piece.Parameter, offset, layout.BlockShift)
        : ScaleRuns.One(scales + piece.Parameter);
}
