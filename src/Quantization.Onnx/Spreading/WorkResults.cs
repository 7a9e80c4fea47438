using System.Security.Cryptography;

namespace Quantization.Onnx;

/// <summary>
/// Results that are kept in the storage, so that a client that was killed goes on from them. A result ends with its SHA-256; a damaged one
/// counts as missing.
/// </summary>
/// <param name="place">Where work runs.</param>
internal sealed class WorkResults(IWorkPlace place)
{
    /// <summary>The result of an item: one that is kept, or else that of a run, which is then kept.</summary>
    public async Task<ReadOnlyMemory<byte>> GetAsync(WorkItem item, CancellationToken cancellationToken)
    {
        string name = NameOf(item.Id);
        if (Find(name) is { } kept)
        {
            return kept;
        }

        ReadOnlyMemory<byte> result = await place.RunAsync(item, cancellationToken).ConfigureAwait(false);
        Keep(name, result);
        return result;
    }

    /// <summary>A kept result; null where there is none.</summary>
    public ReadOnlyMemory<byte>? Find(string name)
    {
        if (!place.Storage.Exists(name))
        {
            return null;
        }

        byte[] bytes = File.ReadAllBytes(place.Storage.GetPath(name));
        int length = bytes.Length - SHA256.HashSizeInBytes;
        return length >= 0 && SHA256.HashData(bytes.AsSpan(0, length)).AsSpan().SequenceEqual(bytes.AsSpan(length))
            ? bytes.AsMemory(0, length)
            : null;
    }

    /// <summary>Keeps a result.</summary>
    public void Keep(string name, ReadOnlyMemory<byte> result) => place.Storage.Write(name, stream =>
    {
        stream.Write(result.Span);
        stream.Write(SHA256.HashData(result.Span));
    });

    /// <summary>Deletes the result of an item.</summary>
    public void Delete(WorkItem item) => place.Storage.Delete(NameOf(item.Id));

    /// <summary>The name of the result of an item, or of what was made of several.</summary>
    public static string NameOf(string id) => $"results/{id}";
}
