using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// What samples of tokens say of the rows of a language model's logits: which rows belong to tokens that the mask lets through, and which
/// token follows each of them.
/// </summary>
internal sealed class TokenRows
{
    /// <summary>What stands for a row without a next token.</summary>
    public const int None = -1;

    private readonly bool[] _counted;
    private readonly int[] _next;

    private TokenRows(bool[] counted, int[] next, bool isVocabulary)
    {
        _counted = counted;
        _next = next;
        IsVocabulary = isVocabulary;
    }

    /// <summary>Whether every token is one of the classes of a row, so that rows can foretell tokens.</summary>
    public bool IsVocabulary { get; }

    /// <summary>Whether the mask lets the token of a row through.</summary>
    public bool Counts(int row) => _counted[row];

    /// <summary>The token behind the token of a row; <see cref="None"/> where none counts.</summary>
    public int NextOf(int row) => _next[row];

    /// <summary>Finds the tokens of samples that were run together.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="shape">The shape of the logits.</param>
    /// <returns>Null where the logits are not <c>[batch, sequence, vocabulary]</c>, or do not have a row for each token.</returns>
    public static TokenRows? Find(IReadOnlyList<ModelSample> samples, ReadOnlySpan<long> shape)
    {
        if (shape.Length != 3 || shape[2] < 2)
        {
            return null;
        }

        int length = (int)shape[1], rows = (int)(shape[0] * shape[1]), row = 0;
        bool[] counted = new bool[rows];
        int[] next = new int[rows];
        bool isVocabulary = true;
        foreach (ModelSample sample in samples)
        {
            if (FindTokens(sample) is not { } tokens || tokens.Shape[^1] != length || tokens.Data.Length == 0)
            {
                return null;
            }

            long[] ids = ReadIntegers(tokens);
            if (row + ids.Length > rows)
            {
                return null;
            }

            ReadMask(sample, ids.Length / length, length, counted.AsSpan(row, ids.Length));
            isVocabulary &= Array.TrueForAll(ids, id => id >= 0) && ids.Max() < shape[2];
            for (int i = 0; i < ids.Length; i++, row++)
            {
                bool isFollowed = isVocabulary && (i + 1) % length != 0 && counted[row] && counted[row + 1];
                next[row] = isFollowed ? (int)ids[i + 1] : None;
            }
        }

        return row == rows ? new TokenRows(counted, next, isVocabulary) : null;
    }

    /// <summary>The tokens: the input of that name, or the only input where it has no name.</summary>
    private static SampleTensor? FindTokens(ModelSample sample)
    {
        SampleTensor? found = sample.Inputs.Length == 1 && sample.Inputs[0].Name is null
            ? sample.Inputs[0]
            : FindNamed(sample, TokenInputs.Tokens);
        return found is { ElementType: TensorElementType.Int64 or TensorElementType.Int32, Shape.Length: 1 or 2 } ? found : null;
    }

    private static SampleTensor? FindNamed(ModelSample sample, string name)
    {
        foreach (SampleTensor input in sample.Inputs)
        {
            if (input.Name == name)
            {
                return input;
            }
        }

        return null;
    }

    /// <summary>
    /// Reads the mask of a sample. Where it also covers a cache of earlier tokens, its last columns belong to the tokens.
    /// </summary>
    private static void ReadMask(ModelSample sample, int texts, int length, Span<bool> counted)
    {
        counted.Fill(true);
        if (FindNamed(sample, TokenInputs.Mask)
            is not { ElementType: TensorElementType.Int64 or TensorElementType.Int32, Shape.Length: 1 or 2 } mask
            || mask.Shape[^1] < length)
        {
            return;
        }

        long[] values = ReadIntegers(mask);
        int width = (int)mask.Shape[^1];
        for (int text = 0; text < Math.Min(texts, values.Length / width); text++)
        {
            for (int i = 0; i < length; i++)
            {
                counted[text * length + i] = values[(text + 1) * width - length + i] != 0;
            }
        }
    }

    private static long[] ReadIntegers(SampleTensor tensor) => tensor.ElementType == TensorElementType.Int64
        ? MemoryMarshal.Cast<byte, long>(tensor.Data).ToArray()
        : [.. MemoryMarshal.Cast<byte, int>(tensor.Data).ToArray().Select(value => (long)value)];
}
