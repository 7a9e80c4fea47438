namespace Quantization.Fuzz.Campaigns;

/// <summary>Something is wrong with what the library did.</summary>
/// <param name="message">What.</param>
internal sealed class FindingException(string message) : Exception(message);
