using System.Numerics;

namespace Quantization.Onnx;

/// <summary>Finds how many of ordered changes are enough, with a number of trials that grows with the logarithm of theirs.</summary>
internal static class PrefixSearch
{
    /// <summary>How many sets are scored at most.</summary>
    public static int MostTrials(int sets) => 2 * BitOperations.Log2((uint)sets) + 1;

    /// <summary>
    /// The smallest set that is good enough, where larger ones are no worse; where none that was looked at is, the best of these.
    /// </summary>
    /// <param name="run">Scores sets.</param>
    /// <param name="growing">
    /// Sets, each with one change more than the one before. The first is not good enough where there are others.
    /// </param>
    /// <param name="meets">Whether a score on all samples is good enough.</param>
    public static LayerSet FindShortest(PartialRun run, IReadOnlyList<LayerSet> growing, Predicate<TrialScore> meets)
    {
        int[] tried = [.. Enumerable.Range(0, growing.Count).Where(count => int.IsPow2(count) || count == growing.Count - 1)];
        TrialScore[] scores = run.Score([.. tried.Select(count => growing[count])]);
        int enough = Array.FindIndex(scores, meets);
        if (enough < 0)
        {
            return growing[tried[Enumerable.Range(0, tried.Length)
                .Aggregate((best, next) => run.Compare(scores[next], scores[best]) > 0 ? next : best)]];
        }

        (int low, int high) = (enough == 0 ? 0 : tried[enough - 1], tried[enough]);
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            (low, high) = meets(run.Score(growing[middle])[0]) ? (low, middle) : (middle, high);
        }

        return growing[high];
    }
}
