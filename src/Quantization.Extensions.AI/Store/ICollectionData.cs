namespace Quantization.Extensions.AI.Store;

/// <summary>A collection's content, regardless of the types of its keys and records.</summary>
internal interface ICollectionData
{
    /// <summary>Whether the collection was created and not deleted.</summary>
    bool Exists { get; }

    /// <summary>What it holds, in words.</summary>
    string Contents { get; }

    /// <summary>Makes the collection exist.</summary>
    void Create();

    /// <summary>Deletes the collection with all records.</summary>
    void Delete();
}
