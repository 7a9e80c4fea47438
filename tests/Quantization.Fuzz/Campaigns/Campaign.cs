using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Quantization.Onnx;

namespace Quantization.Fuzz.Campaigns;

/// <summary>
/// Runs cases in child processes that may die. A case that ends its process, hangs or takes too much memory is a finding.
/// </summary>
/// <param name="kind">The kind of cases.</param>
/// <param name="first">The number of the first case.</param>
/// <param name="count">How many cases there are.</param>
internal sealed class Campaign(string kind, int first, int count)
{
    private const long MostBytes = 3L << 30;
    private const int CasesOfChild = 500;

    private static readonly TimeSpan LongestCase = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly ConcurrentBag<(int Number, string Words)> _findings = [];
    private int _done;

    /// <summary>The findings, by the number of the case.</summary>
    public IEnumerable<(int Number, string Words)> Findings => _findings.Order();

    /// <summary>How often each outcome came up.</summary>
    public IEnumerable<KeyValuePair<string, int>> Outcomes => _outcomes.OrderBy(each => each.Key, StringComparer.Ordinal);

    /// <summary>How many cases ran.</summary>
    public int Done => _done;

    /// <summary>Runs the cases, as many children at a time as there are processors.</summary>
    /// <param name="limit">No case begins after this time; those that did not run are not counted.</param>
    public void Run(TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        IEnumerable<(int First, int Count)> parts = Enumerable.Range(0, (count + CasesOfChild - 1) / CasesOfChild)
            .Select(part => (first + part * CasesOfChild, Math.Min(CasesOfChild, count - part * CasesOfChild)));
        SideBySide.ForEach(parts, Environment.ProcessorCount, RunPart, CancellationToken.None);

        void RunPart((int First, int Count) part)
        {
            (int next, int left) = part;
            while (left > 0 && watch.Elapsed < limit)
            {
                int ended = RunChild(next, left, limit - watch.Elapsed);
                (next, left) = (next + ended, left - ended);
            }
        }
    }

    /// <summary>Runs cases in a child until it ends; the number of cases that are done with.</summary>
    private int RunChild(int next, int left, TimeSpan limit)
    {
        using Child child = new(kind, next, left, isProbed: false);
        string? end = child.Wait(LongestCase, MostBytes, limit);
        foreach (string line in child.Lines)
        {
            Take(line);
        }

        if (child.Begun is not { } current)
        {
            return end is null ? left : child.Ended;
        }

        if (end == Child.OutOfTime)
        {
            return child.Ended;
        }

        // ONNX Runtime is native code: what a model does to it ends the process. With a probe the library has to say so instead.
        string how = end ?? "the process ended";
        using Child again = new(kind, current, 1, isProbed: true);
        string? second = again.Wait(LongestCase + LongestCase, MostBytes, TimeSpan.MaxValue);
        if (second is null && again.Begun is null)
        {
            again.Lines.ToList().ForEach(Take);
            _outcomes.AddOrUpdate($"needs the probe: {how}", 1, (_, before) => before + 1);
        }
        else
        {
            Interlocked.Increment(ref _done);
            _findings.Add((current, $"{how}, with a probe too ({second ?? "the process ended"}): {again.Errors}"));
        }

        return child.Ended + 1;
    }

    private void Take(string line)
    {
        string[] parts = line.Split(' ', 3);
        switch (parts[0] + " ")
        {
            case CaseWorker.Fine:
                Interlocked.Increment(ref _done);
                _outcomes.AddOrUpdate(parts[2], 1, (_, before) => before + 1);
                break;
            case CaseWorker.Found:
                Interlocked.Increment(ref _done);
                _findings.Add((CaseNumber.Parse(parts[1]), parts[2]));
                break;
        }
    }

    /// <summary>A child process with what it said.</summary>
    private sealed class Child : IDisposable
    {
        public const string OutOfTime = "out of time";

        private readonly Process _process;
        private readonly List<string> _lines = [];
        private readonly List<string> _errors = [];
        private readonly Stopwatch _since = Stopwatch.StartNew();
        private int? _begun;
        private int _ended;

        public Child(string kind, int first, int count, bool isProbed)
        {
            string program = Environment.ProcessPath!;
            string[] host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Assembly.GetEntryAssembly()!.Location] : [];
            string[] numbers = [first.ToString(CultureInfo.InvariantCulture), count.ToString(CultureInfo.InvariantCulture)];
            ProcessStartInfo start = new(
                program, [.. host, CaseWorker.Verb, kind, .. numbers, .. isProbed ? (string[])[CaseWorker.ProbeOption] : []])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            _process = Process.Start(start)!;
            _process.OutputDataReceived += (_, e) => Hear(e.Data);
            _process.ErrorDataReceived += (_, e) =>
            {
                lock (_lines)
                {
                    _errors.Add(e.Data ?? "");
                }
            };
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        /// <summary>The case that began and did not end.</summary>
        public int? Begun => _begun;

        /// <summary>How many cases ended.</summary>
        public int Ended => _ended;

        public IReadOnlyList<string> Lines => _lines;

        /// <summary>The last that the child wrote to its errors.</summary>
        public string Errors => string.Join(' ', _errors.Where(line => line.Length > 0).TakeLast(3));

        /// <summary>Waits until the child ends, or ends it; why, or null where it ended by itself.</summary>
        public string? Wait(TimeSpan longestCase, long mostBytes, TimeSpan limit)
        {
            Stopwatch whole = Stopwatch.StartNew();
            while (!_process.WaitForExit(PollInterval))
            {
                _process.Refresh();
                TimeSpan since;
                lock (_lines)
                {
                    since = _since.Elapsed;
                }

                string? end = since > longestCase ? $"no end within {longestCase.TotalSeconds:0} s"
                    : MemoryOf(_process) > mostBytes ? $"more than {mostBytes >> 30} GB of memory"
                    : whole.Elapsed > limit ? OutOfTime : null;
                if (end is not null)
                {
                    _process.Kill(entireProcessTree: true);
                    _process.WaitForExit();
                    return end;
                }
            }

            _process.WaitForExit(); // the last lines
            return null;
        }

        public void Dispose() => _process.Dispose();

        private static long MemoryOf(Process process)
        {
            try
            {
                return process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0; // it has just ended
            }
        }

        private void Hear(string? line)
        {
            if (line is null)
            {
                return;
            }

            lock (_lines)
            {
                _lines.Add(line);
                _since.Restart();
                if (line.StartsWith(CaseWorker.Begin, StringComparison.Ordinal))
                {
                    _begun = CaseNumber.Parse(line.Split(' ')[1]);
                }
                else if (line.StartsWith(CaseWorker.Fine, StringComparison.Ordinal)
                    || line.StartsWith(CaseWorker.Found, StringComparison.Ordinal))
                {
                    (_begun, _ended) = (null, _ended + 1);
                }
            }
        }
    }
}
