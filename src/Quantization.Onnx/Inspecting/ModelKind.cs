namespace Quantization.Onnx;

/// <summary>
/// What a model looks like, judged by its inputs, outputs and operators. It is a guess by plain rules and changes nothing.
/// </summary>
public enum ModelKind
{
    /// <summary>No rule fits.</summary>
    Unknown,

    /// <summary>It takes an image and gives one row of scores for each.</summary>
    ImageClassifier,

    /// <summary>It takes an image and gives several outputs, lists of boxes, or a coarse grid of boxes or points.</summary>
    ImageDetector,

    /// <summary>It takes an image and gives images or maps: super-resolution, segmentation.</summary>
    ImageToImage,

    /// <summary>It takes token numbers and gives vectors.</summary>
    TextEncoder,

    /// <summary>It takes token numbers and gives scores of the next token.</summary>
    LanguageModel,

    /// <summary>The same with a cache of earlier keys and values.</summary>
    LanguageModelWithCache,

    /// <summary>It takes waves or spectra, as its convolutions over time or its input's name say.</summary>
    Audio,

    /// <summary>It has LSTM, GRU or RNN nodes.</summary>
    Recurrent,

    /// <summary>It takes tabular data and multiplies it by matrices.</summary>
    Tabular,
}
