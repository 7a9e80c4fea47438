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
                QuantizeTile(source, count, codes + start, ref pieces, layout.ParameterPerElement, scales, cells);
            }
            else
            {
                QuantizeTile(source, count, tile, ref pieces, layout.ParameterPerElement, scales, cells);
                CodePacking.Pack(tile, count, codeBits, codes + start * codeBits / 8);
            }
        }
    }

    public static void Dequantize(byte* codes, float* destination, RunLayout layout, ReadOnlySpan<float> scales, CodebookCells cells, int codeBits)
    {
        byte* tile = stackalloc byte[TileLength + TilePadding];
        RunPieces pieces = new(layout);
        for (nint start = 0; start < layout.Length; start += TileLength)
        {
            int count = (int)Math.Min(TileLength, layout.Length - start);
            byte* tileCodes = codes + start;
            if (codeBits != 8)
            {
                CodePacking.Unpack(codes + start * codeBits / 8, count, codeBits, tile);
                tileCodes = tile;
            }

            DequantizeTile(tileCodes, destination, count, ref pieces, layout.ParameterPerElement, scales, cells);
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
            QuantizeTile(source, count, tile, ref forward, layout.ParameterPerElement, scales, cells);
            DequantizeTile(tile, destination, count, ref back, layout.ParameterPerElement, scales, cells);
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

    private static void QuantizeTile(
        float* source, int count, byte* codes, ref RunPieces pieces, bool parameterPerElement, ReadOnlySpan<float> scales, CodebookCells cells)
    {
        bool walk = ThresholdTreeKernel.CanWalk(cells.Tree);
        float* quotients = stackalloc float[TileLength];
        for (int done = 0; done < count;)
        {
            Run piece = pieces.Next(count - done);
            ReadOnlySpan<float> values = new(source + piece.Start, (int)piece.Count);
            Span<float> pieceQuotients = new(quotients + done, (int)piece.Count);
            if (parameterPerElement)
            {
                TensorPrimitives.Divide(values, scales.Slice((int)piece.Parameter, (int)piece.Count), pieceQuotients);
            }
            else if (walk)
            {
                ThresholdTreeKernel.Quantize(cells.Tree, source + piece.Start, scales[(int)piece.Parameter], codes + done, piece.Count);
            }
            else
            {
                TensorPrimitives.Divide(values, scales[(int)piece.Parameter], pieceQuotients);
            }

            done += (int)piece.Count;
        }

        if (!walk)
        {
            cells.Grid.Quantize(new ReadOnlySpan<float>(quotients, count), new Span<byte>(codes, count));
        }
        else if (parameterPerElement)
        {
            ThresholdTreeKernel.Quantize(cells.Tree, quotients, 1, codes, count);
        }
    }

    private static void DequantizeTile(
        byte* codes, float* destination, int count, ref RunPieces pieces, bool parameterPerElement, ReadOnlySpan<float> scales, CodebookCells cells)
    {
        fixed (float* levels = cells.Levels)
        {
            for (int done = 0; done < count;)
            {
                Run piece = pieces.Next(count - done);
                float* values = destination + piece.Start;
                LevelKernel.Dequantize(levels, cells.MaxCode, codes + done, parameterPerElement ? 1 : scales[(int)piece.Parameter], values, piece.Count);
                if (parameterPerElement)
                {
                    Span<float> levelsOfPiece = new(values, (int)piece.Count);
                    TensorPrimitives.Multiply(levelsOfPiece, scales.Slice((int)piece.Parameter, (int)piece.Count), levelsOfPiece);
                }

                done += (int)piece.Count;
            }
        }
    }
}
