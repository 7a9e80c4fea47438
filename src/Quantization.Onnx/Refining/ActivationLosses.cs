using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Finds the activations whose codes cost most, with few runs: groups of activations become codes together, and the costliest group is
/// halved until the costly activations stand alone. Noise adds up, so what a group of many costs little has no costly member.
/// </summary>
internal sealed class ActivationLosses : IDisposable
{
    /// <summary>A group that costs less than this share of all is not looked into.</summary>
    private const double Negligible = 0.02;

    private readonly FloatReference _reference;
    private readonly InferenceSession _session;
    private readonly string[] _sources;
    private readonly Dictionary<string, string> _gates;
    private readonly OrtValue _open = OrtValue.CreateTensorValueFromMemory(new[] { true }, []);
    private readonly OrtValue _closed = OrtValue.CreateTensorValueFromMemory(new[] { false }, []);
    private readonly int _samples;
    private readonly CancellationToken _cancellationToken;

    /// <param name="reference">The samples.</param>
    /// <param name="model">The model with gates.</param>
    /// <param name="samples">How many of the samples to run.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public ActivationLosses(FloatReference reference, GatedModel model, int samples, CancellationToken cancellationToken)
    {
        _reference = reference;
        _session = reference.Open(model.Model, simulate: true);
        _gates = model.Gates;
        _sources = [.. model.Gates.Keys];
        _samples = samples;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Measures all activations, and the parts of those groups that cost most.</summary>
    /// <param name="most">How many groups are measured at most.</param>
    public List<ActivationGroup> Find(int most)
    {
        List<ActivationGroup> found = [];
        PriorityQueue<ActivationGroup, double> groups = new();
        Keep(Measure(_sources));
        while (found.Count < most && groups.TryDequeue(out ActivationGroup? group, out _) && group.Loss > Negligible * found[0].Loss)
        {
            int middle = group.Sources.Count / 2;
            ArraySegment<string>[] halves = [group.Sources[..middle], group.Sources[middle..]];
            ActivationGroup[] measured = new ActivationGroup[halves.Length];
            SideBySide.For(halves.Length, i => measured[i] = Measure(halves[i]), _cancellationToken);
            Array.ForEach(measured, Keep);
        }

        return found;

        void Keep(ActivationGroup group)
        {
            found.Add(group);
            if (group.Sources.Count > 1)
            {
                groups.Enqueue(group, -group.Loss);
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _open.Dispose();
        _closed.Dispose();
    }

    private ActivationGroup Measure(ArraySegment<string> sources)
    {
        Dictionary<string, OrtValue> gates = _gates.Values.ToDictionary(gate => gate, _ => _closed);
        foreach (string source in sources)
        {
            gates[_gates[source]] = _open;
        }

        return new ActivationGroup(sources, _reference.Losses(_session, _samples, gates, _cancellationToken).Average());
    }
}
