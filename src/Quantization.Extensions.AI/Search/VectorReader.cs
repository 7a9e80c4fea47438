using System.Collections;
using System.Numerics.Tensors;
using Microsoft.Extensions.AI;

namespace Quantization.Extensions.AI.Search;

/// <summary>Vectors of all types that properties and searches may have, as floats, int8 codes or bits; and back.</summary>
internal static class VectorReader
{
    /// <summary>The types of properties, in words.</summary>
    public const string SupportedTypes =
        "ReadOnlyMemory<float>, float[], Embedding<float>, the same of Half and sbyte, BinaryEmbedding, BitArray";

    private static readonly HashSet<Type> FloatTypes =
    [
        typeof(ReadOnlyMemory<float>), typeof(float[]), typeof(Embedding<float>),
        typeof(ReadOnlyMemory<Half>), typeof(Half[]), typeof(Embedding<Half>),
    ];

    private static readonly HashSet<Type> CodeTypes = [typeof(ReadOnlyMemory<sbyte>), typeof(sbyte[]), typeof(Embedding<sbyte>)];

    /// <summary>Whether a property of the type holds bits.</summary>
    public static bool IsBinary(Type type) => type == typeof(BinaryEmbedding) || type == typeof(BitArray);

    /// <summary>Whether properties may have the type.</summary>
    public static bool IsSupported(Type type)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        return FloatTypes.Contains(bare) || CodeTypes.Contains(bare) || IsBinary(bare);
    }

    /// <summary>Whether a value is a vector, so that nothing needs to be generated.</summary>
    public static bool IsVector(object value) => value is Memory<float> or Memory<sbyte> || IsSupported(value.GetType());

    /// <summary>The values of a vector that is not quantized; null for other types.</summary>
    public static ReadOnlyMemory<float>? Floats(object? vector) => vector switch
    {
        ReadOnlyMemory<float> memory => memory,
        Memory<float> memory => memory,
        float[] array => array,
        Embedding<float> embedding => embedding.Vector,
        ReadOnlyMemory<Half> memory => ToFloats(memory.Span),
        Half[] array => ToFloats(array),
        Embedding<Half> embedding => ToFloats(embedding.Vector.Span),
        _ => null,
    };

    /// <summary>The codes of a vector that is int8 already, and what a code counts; null for other types.</summary>
    public static (ReadOnlyMemory<sbyte> Codes, float Scale)? Codes(object? vector) => vector switch
    {
        ReadOnlyMemory<sbyte> memory => (memory, 1),
        Memory<sbyte> memory => (memory, 1),
        sbyte[] array => (array, 1),
        Embedding<sbyte> embedding => (embedding.Vector, ScaleOf(embedding)),
        _ => null,
    };

    /// <summary>The bits of a binary vector; null for other types.</summary>
    public static BitArray? Bits(object? vector) => vector as BitArray ?? (vector as BinaryEmbedding)?.Vector;

    /// <summary>A vector of a property's type. <paramref name="type"/> holds floats or codes.</summary>
    public static object ToProperty(Type type, ReadOnlySpan<sbyte> codes, float scale, float[]? floats)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        if (CodeTypes.Contains(bare))
        {
            sbyte[] copy = codes.ToArray();
            return bare == typeof(sbyte[]) ? copy
                : bare == typeof(ReadOnlyMemory<sbyte>) ? (ReadOnlyMemory<sbyte>)copy
                : new Embedding<sbyte>(copy) { AdditionalProperties = new() { [QuantizedEmbeddings.ScaleKey] = scale } };
        }

        if (floats is null)
        {
            floats = new float[codes.Length];
            QuantizationPrimitives.Dequantize(codes, scale, (sbyte)0, floats);
        }

        if (bare == typeof(float[]))
        {
            return floats;
        }

        if (bare == typeof(ReadOnlyMemory<float>))
        {
            return (ReadOnlyMemory<float>)floats;
        }

        if (bare == typeof(Embedding<float>))
        {
            return new Embedding<float>(floats);
        }

        Half[] halves = new Half[floats.Length];
        TensorPrimitives.ConvertToHalf(floats, halves);
        return bare == typeof(Half[]) ? halves
            : bare == typeof(ReadOnlyMemory<Half>) ? (ReadOnlyMemory<Half>)halves
            : new Embedding<Half>(halves);
    }

    private static float ScaleOf(Embedding<sbyte> embedding)
    {
        float scale = embedding.AdditionalProperties?.TryGetValue(QuantizedEmbeddings.ScaleKey, out float value) == true ? value : 1;
        return scale > 0 && float.IsFinite(scale)
            ? scale
            : throw new ArgumentException(FormattableString.Invariant(
                $"The property {QuantizedEmbeddings.ScaleKey} is {scale}; a scale must be positive and finite."));
    }

    private static float[] ToFloats(ReadOnlySpan<Half> halves)
    {
        float[] floats = new float[halves.Length];
        TensorPrimitives.ConvertToSingle(halves, floats);
        return floats;
    }
}
