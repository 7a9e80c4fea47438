namespace Quantization.Onnx.Tests.Sessions;

/// <summary>A parallel loop fails as a plain one does.</summary>
public class SideBySideTests
{
    [Fact]
    public void A_loop_runs_each_step_once()
    {
        int[] runs = new int[1000], items = new int[1000];

        SideBySide.For(runs.Length, i => Interlocked.Increment(ref runs[i]), CancellationToken.None);
        SideBySide.ForEach(Enumerable.Range(0, items.Length), 3, i => Interlocked.Increment(ref items[i]), CancellationToken.None);

        runs.Should().OnlyContain(count => count == 1);
        items.Should().OnlyContain(count => count == 1);
    }

    [Fact]
    public void A_step_that_fails_ends_the_loop_with_its_own_exception_even_inside_of_another_loop()
    {
        Action nested = () => SideBySide.For(4, _ => SideBySide.For(4, Fail, CancellationToken.None), CancellationToken.None);
        Action items = () => SideBySide.ForEach([0, 1, 2, 3], 2, Fail, CancellationToken.None);

        nested.Should().ThrowExactly<InvalidDataException>().WithMessage("step 2");
        items.Should().ThrowExactly<InvalidDataException>().WithMessage("step 2");

        static void Fail(int step)
        {
            if (step == 2)
            {
                throw new InvalidDataException("step 2");
            }
        }
    }

    [Fact]
    public void A_failure_counts_more_than_the_cancellation_that_it_causes()
    {
        using CancellationTokenSource inner = new();
        using Barrier together = new(2);

        Action loop = () => SideBySide.ForEach([0, 1], 2, Step, CancellationToken.None);

        loop.Should().ThrowExactly<InvalidDataException>();

        void Step(int i)
        {
            together.SignalAndWait();
            if (i == 1)
            {
                inner.Cancel();
                throw new InvalidDataException("the cause");
            }

            inner.Token.WaitHandle.WaitOne();
            inner.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public void A_cancelled_loop_says_so()
    {
        using CancellationTokenSource stop = new();
        int begun = 0;

        Action loop = () => SideBySide.For(
            1000,
            _ =>
            {
                Interlocked.Increment(ref begun);
                stop.Cancel();
            },
            stop.Token);

        loop.Should().Throw<OperationCanceledException>();
        begun.Should().BeLessThan(1000);
    }
}
