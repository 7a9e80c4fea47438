using System.Diagnostics;
using System.Globalization;

namespace Quantization.Recipes;

/// <summary>Tells on the console where the recipe is and how long it still takes.</summary>
internal sealed class Progress(int plannedSteps)
{
    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private readonly Stopwatch _training = new();
    private readonly double _interval = Console.IsOutputRedirected ? 30 : 1;
    private int _done;
    private int _left = plannedSteps;

    public void Say(string text) => Console.WriteLine(Console.IsOutputRedirected ? text : $"\r{text,-110}");

    /// <summary>Steps that an earlier run did.</summary>
    public void Skip(int steps) => _left -= steps;

    public void Step(TrainingPlan plan, int epoch, int step, int steps, double loss)
    {
        _training.Start();
        _done++;
        _left--;
        if (_sinceLine.Elapsed.TotalSeconds < _interval && step != steps - 1)
        {
            return;
        }

        _sinceLine.Restart();
        double milliseconds = _training.Elapsed.TotalMilliseconds / _done;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Name}: epoch {epoch + 1}/{plan.Epochs}, step {step + 1}/{steps}, loss {loss:F3}, {milliseconds:F0} ms a step, about "
                + $"{TimeSpan.FromMilliseconds(milliseconds * _left):mm\\:ss} of training left");
        Console.Write(Console.IsOutputRedirected ? line + Environment.NewLine : $"\r{line,-110}");
    }
}
