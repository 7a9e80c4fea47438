namespace Quantization.Orleans;

/// <summary>A worker, as it announces itself. Immutable.</summary>
[GenerateSerializer]
[Alias("quantization.worker")]
public sealed record WorkerInfo
{
    /// <summary>Tells it from all others, those of its machine's past included.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>What messages call it: its machine and process.</summary>
    [Id(1)]
    public required string Name { get; init; }

    /// <summary>How many threads it works with.</summary>
    [Id(2)]
    public required int Threads { get; init; }

    /// <summary>How many processors its machine has.</summary>
    [Id(3)]
    public required int Cores { get; init; }

    /// <summary>The memory that it may use, in bytes.</summary>
    [Id(4)]
    public required long MemoryBytes { get; init; }

    /// <summary>What its processor can do, as <see cref="Onnx.WorkRunner.Processor"/> describes it.</summary>
    [Id(5)]
    public required string Processor { get; init; }

    /// <summary>Its versions, as <see cref="Onnx.WorkRunner.Versions"/> describes them.</summary>
    [Id(6)]
    public required string Versions { get; init; }

    /// <summary>Whether it works beside workers whose processors differ.</summary>
    [Id(7)]
    public bool AllowsOtherProcessors { get; init; }
}
