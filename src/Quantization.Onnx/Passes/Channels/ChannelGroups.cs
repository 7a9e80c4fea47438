namespace Quantization.Onnx;

/// <summary>
/// Channels of values, joined where they must have the same factor, and fixed where the factor must be 1 (a union-find structure).
/// </summary>
internal sealed class ChannelGroups
{
    private readonly List<int> _parents = [];
    private readonly List<bool> _isFixed = [];

    /// <summary>Adds channels, each a group of its own.</summary>
    /// <param name="count">How many.</param>
    public int[] Add(long count)
    {
        int[] added = new int[count];
        for (int i = 0; i < added.Length; i++)
        {
            added[i] = _parents.Count;
            _parents.Add(added[i]);
            _isFixed.Add(false);
        }

        return added;
    }

    /// <summary>The group of a channel.</summary>
    public int Find(int channel)
    {
        while (_parents[channel] != channel)
        {
            channel = _parents[channel] = _parents[_parents[channel]];
        }

        return channel;
    }

    /// <summary>Joins channels that must have the same factor, one by one.</summary>
    public void Join(int[] channels, int[] others)
    {
        for (int i = 0; i < channels.Length; i++)
        {
            int group = Find(channels[i]), other = Find(others[i]);
            (int first, int second) = (Math.Min(group, other), Math.Max(group, other));
            _isFixed[first] |= _isFixed[second];
            _parents[second] = first;
        }
    }

    /// <summary>Fixes the factor of channels to 1.</summary>
    public void Fix(int[] channels)
    {
        foreach (int channel in channels)
        {
            _isFixed[Find(channel)] = true;
        }
    }

    /// <summary>Whether the factor of a channel must be 1.</summary>
    public bool IsFixed(int channel) => _isFixed[Find(channel)];
}
