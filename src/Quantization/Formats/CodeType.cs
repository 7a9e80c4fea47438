namespace Quantization;

/// <summary>How a code is stored. The layouts are those of ONNX <c>raw_data</c>, little-endian.</summary>
public enum CodeType
{
    /// <summary>One signed byte a code, −128 … 127.</summary>
    Int8,

    /// <summary>One unsigned byte a code, 0 … 255.</summary>
    UInt8,

    /// <summary>Two bytes a code, −32768 … 32767.</summary>
    Int16,

    /// <summary>Two bytes a code, 0 … 65535.</summary>
    UInt16,

    /// <summary>Four bytes a code; the type of biases and accumulators.</summary>
    Int32,

    /// <summary>Two codes per byte, −8 … 7, the first in the low four bits.</summary>
    Int4,

    /// <summary>Two codes per byte, 0 … 15, the first in the low four bits.</summary>
    UInt4,

    /// <summary>Eight codes per byte, 0 … 1, the first in the lowest bit.</summary>
    UInt1,

    /// <summary>Four codes per byte, 0 … 3, the first in the low two bits.</summary>
    UInt2,
}
