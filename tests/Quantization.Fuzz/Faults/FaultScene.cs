namespace Quantization.Fuzz.Faults;

/// <summary>Where a fault shows.</summary>
internal enum FaultScene
{
    /// <summary>Nowhere: the command has to succeed.</summary>
    None,

    /// <summary>In the folder of outputs.</summary>
    Output,

    /// <summary>In the folder of temporary files.</summary>
    Temporary,

    /// <summary>Wherever a file is opened.</summary>
    Handles,

    /// <summary>Wherever memory is asked for.</summary>
    Memory,
}
