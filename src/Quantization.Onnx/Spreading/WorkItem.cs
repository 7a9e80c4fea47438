using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// A piece of work that any worker can do: it names all that it needs by name and SHA-256. Immutable. Items with the same
/// <see cref="Id"/> are the same work and have the same result.
/// </summary>
public sealed class WorkItem
{
    /// <summary>Makes an item, or makes it again from what travelled.</summary>
    /// <param name="kind">What is to be done.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="samples">How many samples it runs.</param>
    /// <param name="content">All that a worker has to know, as JSON. It must not be changed.</param>
    public WorkItem(WorkKind kind, string name, int samples, ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(name);
        Kind = kind;
        Name = name;
        Samples = samples;
        Content = content;
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind} {samples}\n"));
        Id = Convert.ToHexStringLower(SHA256.HashData([.. head, .. content.Span]));
    }

    /// <summary>What is to be done.</summary>
    public WorkKind Kind { get; }

    /// <summary>What messages call it, such as <c>samples 1 to 64 of model.onnx</c>.</summary>
    public string Name { get; }

    /// <summary>How many samples it runs.</summary>
    public int Samples { get; }

    /// <summary>All that a worker has to know.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The SHA-256 of the work, in hexadecimal.</summary>
    public string Id { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
