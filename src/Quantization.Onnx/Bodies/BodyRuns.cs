using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// The runs of one body in a run of the model around it, with what each run of the body gets. Iterations are computed by the float body.
/// </summary>
/// <param name="body">The body.</param>
/// <param name="optionsFactory">The user's session options; null for the defaults.</param>
/// <param name="largestInMemory">A larger body goes to ONNX Runtime by way of files.</param>
/// <param name="cancellationToken">Stops between iterations.</param>
internal sealed class BodyRuns(
    BodyModel body, Func<SessionOptions>? optionsFactory, long largestInMemory, CancellationToken cancellationToken) : IDisposable
{
    private readonly string[] _own = [.. body.OwnInputs];
    private InferenceSession? _session;

    /// <summary>Whether a run was left out because it got NaN or infinity.</summary>
    public bool HasNonFinite { get; private set; }

    /// <summary>A tensor of ONNX Runtime as one of a sample.</summary>
    /// <param name="name">The input that it is for.</param>
    /// <param name="value">The tensor.</param>
    public static SampleTensor Copy(string name, OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return new SampleTensor(name, info.ElementDataType, info.Shape, value.GetTensorMutableRawData().ToArray());
    }

    /// <summary>The runs, each as a sample of the body's model.</summary>
    /// <param name="name">What messages call the model's sample.</param>
    /// <param name="values">The values that the body's runs depend on, by name.</param>
    /// <exception cref="InvalidDataException">The body's model does not take a value.</exception>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the body's model.</exception>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime cannot run it.</exception>
    public IEnumerable<ModelSample> Of(string name, IReadOnlyDictionary<string, SampleTensor> values)
    {
        SampleTensor[] captured = [.. body.Captured.Select(value => values[value])];
        SampleTensor[] given = [.. body.Body.Node.Input.Select(value => values.GetValueOrDefault(value)!)]; // null for what is left out
        IEnumerable<SampleTensor[]> runs = body.Kind switch
        {
            BodyKind.Branch => BodyKinds.IsTaken(body.Body.Attribute, given[0].Data[0] != 0) ? [[]] : [],
            BodyKind.Loop => Loop(given, captured),
            _ => Scan(given, captured),
        };
        int number = 0;
        foreach (SampleTensor[] own in runs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!own.Concat(captured).All(IsFinite))
            {
                HasNonFinite = true;
                yield break;
            }

            string what = body.Kind == BodyKind.Branch ? "" : FormattableString.Invariant($", iteration {number++}");
            yield return new ModelSample($"{name}{what}", [.. own, .. captured]);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _session?.Dispose();

    private IEnumerable<SampleTensor[]> Loop(SampleTensor[] given, SampleTensor[] captured)
    {
        long most = given is [{ } trips, ..] ? MemoryMarshal.Read<long>(trips.Data) : long.MaxValue;
        bool goesOn = given is not [_, { } condition, ..] || condition.Data[0] != 0;
        long[] ofNumber = ShapeOf(0), ofCondition = ShapeOf(1);
        SampleTensor[] carried = [.. given.Skip(BodyInputs.BeforeCarried)];
        for (long i = 0; i < most && goesOn; i++)
        {
            SampleTensor[] own =
            [
                new SampleTensor(_own[0], TensorElementType.Int64, ofNumber, BitConverter.GetBytes(i)),
                new SampleTensor(_own[1], TensorElementType.Bool, ofCondition, [1]),
                .. carried.Select((tensor, k) => Rename(tensor, _own[BodyInputs.BeforeCarried + k])),
            ];
            yield return own;
            SampleTensor[] results = Run([.. own, .. captured], 1 + carried.Length);
            goesOn = results[0].Data[0] != 0;
            carried = results[1..];
        }
    }

    private IEnumerable<SampleTensor[]> Scan(SampleTensor[] given, SampleTensor[] captured)
    {
        int scanned = (int)body.Body.Node.GetInt("num_scan_inputs", 0), states = given.Length - scanned;
        long[] axes = body.Body.Node.GetInts("scan_input_axes", scanned, 0);
        long[] directions = body.Body.Node.GetInts("scan_input_directions", scanned, 0);
        SampleTensor[] carried = given[..states], slices = given[states..];
        long length = slices[0].Shape[AxisOf(0)];
        for (long i = 0; i < length; i++)
        {
            SampleTensor[] own =
            [
                .. carried.Select((tensor, k) => Rename(tensor, _own[k])),
                .. slices.Select((tensor, k) => Slice(tensor, _own[states + k], AxisOf(k), directions[k] == 0 ? i : length - 1 - i)),
            ];
            yield return own;
            carried = Run([.. own, .. captured], states);
        }

        int AxisOf(int input) => (int)(axes[input] < 0 ? axes[input] + slices[input].Shape.Length : axes[input]);
    }

    /// <summary>The first results of the float body.</summary>
    private SampleTensor[] Run(SampleTensor[] inputs, int results)
    {
        if (results == 0)
        {
            return [];
        }

        _session ??= ModelSession.Open(body.Model.File.Path, body.Runnable, optionsFactory, largestInMemory: largestInMemory);
        using BoundSample bound = SampleBinder.Bind(new ModelSample(body.Body.Path, inputs), _session.InputMetadata);
        using RunOptions options = new();
        string[] names = [.. body.Body.Graph.Output.Take(results).Select(output => output.Name)];
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, bound.Inputs, names);
        return [.. names.Zip(outputs, Copy)];
    }

    /// <summary>The shape of a single value, which bodies declare as a scalar or as a list of one.</summary>
    private long[] ShapeOf(int input) => body.Runnable.Graph.Input[input].Type.TensorType.Shape?.Dim.Count == 1 ? [1] : [];

    private static SampleTensor Rename(SampleTensor tensor, string name) =>
        new(name, tensor.ElementType, tensor.Shape.ToArray(), tensor.Data.ToArray());

    private static SampleTensor Slice(SampleTensor tensor, string name, int axis, long index)
    {
        long[] shape = tensor.Shape.ToArray();
        int block = SampleElementType.SizeOf(tensor.ElementType) * Product(shape[(axis + 1)..]), blocks = Product(shape[..axis]);
        byte[] data = new byte[blocks * block];
        for (int i = 0; i < blocks; i++)
        {
            tensor.Data.Slice((int)((i * shape[axis] + index) * block), block).CopyTo(data.AsSpan(i * block));
        }

        return new SampleTensor(name, tensor.ElementType, [.. shape[..axis], .. shape[(axis + 1)..]], data);

        static int Product(long[] lengths) => checked((int)lengths.Aggregate(1L, (product, next) => product * next));
    }

    private static bool IsFinite(SampleTensor tensor) => tensor.ElementType switch
    {
        TensorElementType.Float => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, float>(tensor.Data)),
        TensorElementType.Double => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, double>(tensor.Data)),
        TensorElementType.Float16 => TensorPrimitives.IsFiniteAll(MemoryMarshal.Cast<byte, Half>(tensor.Data)),
        _ => true,
    };
}
