namespace Quantization.Onnx;

/// <summary>
/// Leaves branches and bodies of loops in float where a target needs it. Each is one step: its layers are not distinguished.
/// </summary>
/// <param name="run">Scores sets.</param>
/// <param name="meets">Whether a score on all samples is good enough.</param>
internal sealed class FloatBodies(PartialRun run, Predicate<TrialScore> meets)
{
    /// <summary>How many models are tried at most to leave bodies in float.</summary>
    public static int MostTrials(int bodies) => bodies * (bodies + 1) / 2;

    /// <summary>Leaves the body in float that helps most, then the next, until the score is good enough or none helps any more.</summary>
    public LayerSet Take(LayerSet set)
    {
        TrialScore score = run.Score(set)[0];
        while (!meets(score) && run.Bodies.Count > set.Bodies.Count)
        {
            LayerSet[] candidates = [.. run.Bodies.Except(set.Bodies).Select(body => set with { Bodies = set.Bodies.Add(body) })];
            TrialScore[] scores = run.Score(candidates);
            int best = 0;
            for (int i = 1; i < scores.Length; i++)
            {
                best = run.Compare(scores[i], scores[best]) > 0 ? i : best;
            }

            if (run.Compare(scores[best], score) <= 0)
            {
                break;
            }

            (set, score) = (candidates[best], scores[best]);
        }

        return set;
    }

    /// <summary>Quantizes again what turns out not to be needed in float.</summary>
    public LayerSet GiveBack(LayerSet set)
    {
        foreach (string body in run.Bodies.Where(set.Bodies.Contains))
        {
            LayerSet smaller = set with { Bodies = set.Bodies.Remove(body) };
            set = meets(run.Score(smaller)[0]) ? smaller : set;
        }

        return set;
    }
}
