using System.Diagnostics;

namespace Quantization.Benchmarks.Report;

/// <summary>Measures contestants turn by turn, so that what disturbs the machine disturbs all of them alike.</summary>
internal static class Contest
{
    private const int Rounds = 15;

    /// <summary>How long one turn of a contestant lasts at least.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(4);

    /// <summary>The median seconds of one call of each contestant.</summary>
    public static double[] Measure(params Action[] contestants) => Array.ConvertAll(Turns(contestants), Median);

    /// <summary>
    /// The median, over the turns, of how many times as long the second contestant took as the first: what slows a turn slows both, so
    /// small differences show.
    /// </summary>
    public static double Ratio(Action first, Action second)
    {
        double[][] seconds = Turns([first, second]);
        return Median([.. seconds[1].Zip(seconds[0], (slow, fast) => slow / fast)]);
    }

    private static double[][] Turns(Action[] contestants)
    {
        int[] calls = Array.ConvertAll(contestants, CallsPerTurn);
        double[][] seconds = Array.ConvertAll(contestants, _ => new double[Rounds]);
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < contestants.Length; i++)
            {
                seconds[i][round] = Time(contestants[i], calls[i]);
            }
        }

        return seconds;
    }

    private static int CallsPerTurn(Action contestant)
    {
        // Everything is compiled and warm once this many calls were made.
        for (int i = 0; i < 40; i++)
        {
            contestant();
        }

        return (int)Math.Clamp(Turn.TotalSeconds / Time(contestant, 3), 1, 10_000);
    }

    private static double Time(Action contestant, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            contestant();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
