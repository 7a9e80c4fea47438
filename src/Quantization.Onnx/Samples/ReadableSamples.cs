using System.Globalization;

namespace Quantization.Onnx;

/// <summary>
/// Finds out which samples of a folder can be read, so that the others are left out from the start and every pass sees the same ones.
/// </summary>
internal static class ReadableSamples
{
    /// <summary>How many reasons the message of a refusal has.</summary>
    private const int MaxReasons = 3;

    /// <summary>Reads each sample once, on all cores.</summary>
    /// <param name="folder">What messages call the folder.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="read">Reads one to its end.</param>
    /// <param name="maxShare">The share of samples that may be left out.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxShare"/> is no share.</exception>
    /// <exception cref="InvalidDataException">More cannot be read, or none can.</exception>
    public static (List<string> Readable, List<UnreadableSample> Others) Find(
        string folder, IReadOnlyList<string> samples, Func<string, ModelSample> read, double maxShare)
    {
        if (maxShare is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(maxShare), maxShare, "The share of samples that may be left out is 0 to 1.");
        }

        (string Sample, UnreadableSample? Problem)[] tried =
            [.. samples.AsParallel().AsOrdered().Select(sample => (sample, TryRead(sample, read)))];
        List<UnreadableSample> others = [.. tried.Select(each => each.Problem).OfType<UnreadableSample>()];
        if (others.Count > maxShare * samples.Count || others.Count == samples.Count)
        {
            string reasons = string.Join(" ", others.Take(MaxReasons).Select(other => other.Reason));
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {others.Count} of {samples.Count} samples cannot be read, more than the {100 * maxShare:0.##} % that may be "
                    + $"left out; repair or remove them. "
                    + $"{reasons}"));
        }

        return ([.. tried.Where(each => each.Problem is null).Select(each => each.Sample)], others);
    }

    private static UnreadableSample? TryRead(string sample, Func<string, ModelSample> read)
    {
        try
        {
            foreach (SampleTensor input in read(sample).Inputs)
            {
                _ = input.Data.Length; // values are read when they are asked for
            }

            return null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return new UnreadableSample(sample, e.Message);
        }
    }
}
