namespace Quantization.Orleans.Tests;

/// <summary>Kills workers at random moments while a calibration runs, and starts others in their place.</summary>
internal static class RandomKills
{
    /// <summary>Calibrates once a kill, each time with a worker killed at another moment.</summary>
    /// <param name="kills">How many.</param>
    /// <param name="tell">Told of each.</param>
    /// <exception cref="InvalidOperationException">A result differs.</exception>
    public static async Task Run(int kills, Action<string> tell)
    {
        using ClusterFolder folder = new(128);
        byte[] expected = folder.Expected();
        Random random = new(kills);
        List<Child> workers = [Child.Worker(folder.Root, 200), Child.Worker(folder.Root, 200)];
        try
        {
            for (int kill = 1; kill <= kills; kill++)
            {
                int victim = random.Next(workers.Count);
                TimeSpan moment = TimeSpan.FromMilliseconds(random.Next(1500));
                Task<byte[]> calibrating = Task.Run(() => folder.Calibrate());
                await Task.Delay(moment);
                workers[victim].Kill();
                workers[victim].Dispose();
                workers[victim] = Child.Worker(folder.Root, 200);
                byte[] found = await calibrating;
                tell($"kill {kill} of {kills}: worker {victim + 1} after {moment.TotalMilliseconds:0} ms, "
                    + $"{(found.AsSpan().SequenceEqual(expected) ? "the same result" : "ANOTHER RESULT")}");
                if (!found.AsSpan().SequenceEqual(expected))
                {
                    throw new InvalidOperationException("A result differs.");
                }

                folder.DeleteResults();
            }
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }
    }
}
