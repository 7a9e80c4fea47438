namespace Quantization.Recipes;

/// <summary>How a net is trained.</summary>
/// <param name="Name">Names its files and its results.</param>
/// <param name="Epochs">Rounds over the training images.</param>
/// <param name="PeakRate">
/// The largest learning rate; it rises over the first <paramref name="WarmUp"/> of all steps and falls along a cosine.
/// </param>
/// <param name="WarmUp">The share of steps in which the rate rises.</param>
/// <param name="Seed">Decides the weights to start from, the order of the images and which are flipped.</param>
internal sealed record TrainingPlan(string Name, int Epochs, double PeakRate, double WarmUp, int Seed);
