namespace Quantization.Onnx;

/// <summary>What a path names, after links are followed.</summary>
internal enum FileKind
{
    /// <summary>Nothing, or something that cannot be looked at.</summary>
    Missing,

    /// <summary>A regular file: it has a length and an end.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A named pipe (FIFO). Opening it waits until somebody opens the other end.</summary>
    Pipe,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A device, such as a terminal or <c>/dev/zero</c>. Reading it may never end.</summary>
    Device,
}
