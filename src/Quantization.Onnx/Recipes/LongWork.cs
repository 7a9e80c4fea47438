namespace Quantization.Onnx;

/// <summary>Runs work that computes for long on a thread of its own, so that the thread pool stays free for others.</summary>
internal static class LongWork
{
    /// <summary>Runs work.</summary>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Runs work that writes a model. A stream gets it afterwards, asynchronously.</summary>
    /// <param name="output">Where the model goes.</param>
    /// <param name="work">The work; it gets the output to write to.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static async Task<T> RunAsync<T>(ModelOutput output, Func<ModelOutput, T> work, CancellationToken cancellationToken)
    {
        if (output.Path is not null)
        {
            return await Run(() => work(output), cancellationToken).ConfigureAwait(false);
        }

        using MemoryStream content = new();
        T result = await Run(() => work(ModelOutput.ToStream(content, output.Name)), cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(content.GetBuffer().AsMemory(0, (int)content.Length), cancellationToken).ConfigureAwait(false);
        return result;
    }
}
