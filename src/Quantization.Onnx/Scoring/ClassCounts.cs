namespace Quantization.Onnx;

/// <summary>
/// How often the reference model answers each class, and how often labels name it. They tell whether labels and samples belong to the
/// model at all. Immutable.
/// </summary>
/// <param name="Samples">The samples with one row of logits each.</param>
/// <param name="AnsweredClasses">How many different classes the reference model answers.</param>
/// <param name="MostFrequentAnswer">The class that it answers most often.</param>
/// <param name="MostFrequentAnswers">How many samples have that answer.</param>
/// <param name="LabelledSamples">How many of the samples have a label.</param>
/// <param name="LabelClasses">How many different classes the labels name.</param>
/// <param name="MostFrequentLabel">The class that labels name most often; 0 where there is no label.</param>
/// <param name="ChanceAccuracy">
/// The accuracy that the same answers would have on the same labels in a random order, 0 … 1: the sum over the classes of the share of
/// labels times the share of answers. 0 where there is no label.
/// </param>
public sealed record ClassCounts(
    int Samples,
    int AnsweredClasses,
    int MostFrequentAnswer,
    int MostFrequentAnswers,
    int LabelledSamples,
    int LabelClasses,
    int MostFrequentLabel,
    double ChanceAccuracy);
