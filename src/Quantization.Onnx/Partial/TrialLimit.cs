namespace Quantization.Onnx;

/// <summary>Bounds how many models are tried from now on. Models that were tried before cost nothing.</summary>
/// <param name="most">How many.</param>
/// <param name="tried">How many different models were tried so far, from the beginning.</param>
internal sealed class TrialLimit(int most, Func<int> tried)
{
    private readonly int _start = tried();

    /// <summary>How many may be tried in all.</summary>
    public int Most => most;

    /// <summary>How many may still be tried.</summary>
    public int Left => Math.Max(0, most - (tried() - _start));

    /// <summary>Whether something was left out for want of trials.</summary>
    public bool IsReached { get; private set; }

    /// <summary>How many of the wanted trials may be made.</summary>
    public int Allow(int wanted)
    {
        int allowed = Math.Min(wanted, Left);
        IsReached |= allowed < wanted;
        return allowed;
    }
}
