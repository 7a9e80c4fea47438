namespace Quantization.Onnx;

/// <summary>The kinds of work that a <see cref="IWorkPlace"/> runs.</summary>
public enum WorkKind
{
    /// <summary>
    /// A part of the samples of a calibration. The result is the file of a calibration. It takes all threads of a worker.
    /// </summary>
    Shard,

    /// <summary>One model of a search, scored on all scoring samples. The result is its figures. It takes one thread of a worker.</summary>
    Trial,
}
