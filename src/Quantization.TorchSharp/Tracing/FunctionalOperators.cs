using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// The functions that forward methods call between modules, as far as an export recognizes them: each computes what torch computes, bit for
/// bit, and knows its ONNX form.
/// </summary>
/// <param name="graph">The graph to write to.</param>
internal sealed class FunctionalOperators(OnnxGraph graph)
{
    private static readonly long[] Spatial = [2, 3];

    private static readonly (long Kernel, long Stride, long Padding)[] Windows = [(2, 2, 0), (3, 2, 1), (3, 2, 0), (3, 1, 1)];

    /// <summary>
    /// What a function makes of one value, or two functions one after the other, where it has the shape that is looked for.
    /// </summary>
    /// <param name="of">The value.</param>
    /// <param name="shape">The shape.</param>
    public IEnumerable<TracedValue> OfOne(TracedValue of, long[] shape)
    {
        if (of.Value.dtype != torch.ScalarType.Float32)
        {
            return [];
        }

        if (IsShape(of.Value, shape))
        {
            return Activations(of);
        }

        TracedValue[] moved = [.. Moved(of, shape), .. MovedTwice(of, shape)];
        return moved.Concat(moved.SelectMany(Activations))
            .Concat(Activations(of).SelectMany(each => Moved(each, shape).Concat(MovedTwice(each, shape))));
    }

    /// <summary>Functions of single elements, and softmax.</summary>
    public IEnumerable<TracedValue> Activations(TracedValue of)
    {
        Tensor x = of.Value;
        if (x.dtype != torch.ScalarType.Float32 || x.dim() == 0)
        {
            return [];
        }

        long[] axes = x.dim() > 2 ? [-1, 1] : [-1];
        return ElementFunctions(of).Concat(axes.SelectMany(axis => (TracedValue[])
        [
            Make(of, functional.softmax(x, axis), value => graph.Operator("Softmax", [value], ("axis", axis))),
            Make(of, functional.log_softmax(x, axis), value => graph.Operator("LogSoftmax", [value], ("axis", axis))),
        ]));
    }

    /// <summary>Functions of single elements; of a corner they give the corner.</summary>
    public IEnumerable<TracedValue> ElementFunctions(TracedValue of)
    {
        yield return Each(x => functional.relu(x), graph.Relu);
        yield return Each(x => functional.relu6(x), value => FloatLayerExport.Clip(graph, value, 0, 6));
        yield return Each(x => functional.silu(x), value => graph.Multiply(value, graph.Operator("Sigmoid", [value])));
        yield return Each(x => functional.gelu(x), value => FloatLayerExport.Gelu(graph, value));
        yield return Each(torch.sigmoid, Named("Sigmoid"));
        yield return Each(torch.tanh, Named("Tanh"));
        yield return Each(x => functional.hardswish(x), Named("HardSwish"));
        yield return Each(x => functional.hardsigmoid(x), value => graph.Operator("HardSigmoid", [value], ("alpha", 1.0 / 6)));
        yield return Each(x => functional.leaky_relu(x, 0.01), value => graph.Operator("LeakyRelu", [value], ("alpha", 0.01)));
        yield return Each(x => functional.elu(x, 1), value => graph.Operator("Elu", [value], ("alpha", 1.0)));
        yield return Each(x => -x, Named("Neg"));
        yield return Each(x => x.abs(), Named("Abs"));

        TracedValue Each(Func<Tensor, Tensor> function, Func<OnnxValue, OnnxValue> write) =>
            Make(of, function(of.Value), write) with { Whole = () => function(of.Whole()) };
    }

    /// <summary>The target as a multiple of a value of its shape.</summary>
    public IEnumerable<TracedValue> Multiples(TracedValue of, Tensor target)
    {
        Tensor x = of.Value;
        if (!IsShape(x, target.shape) || x.dtype != torch.ScalarType.Float32 || x.dim() == 0)
        {
            yield break;
        }

        long at = x.abs().flatten().argmax().item<long>();
        float from = x.flatten()[at].item<float>(), to = target.flatten()[at].item<float>(), factor = to / from;
        if (!float.IsFinite(factor) || factor == 0)
        {
            yield break;
        }

        float whole = MathF.Round(1 / factor), divisor = whole == 0 ? 1 / factor : whole;
        yield return Make(of, x * factor, value => graph.Multiply(value, graph.Constant([factor])));
        yield return Make(of, x / divisor, value => graph.Operator("Div", [value, graph.Constant([divisor])]));

        // The quotient need not be the factor that was written.
        foreach (float near in (float[])[MathF.Round(factor * 1000) / 1000, MathF.BitDecrement(factor), MathF.BitIncrement(factor)])
        {
            yield return Make(of, x * near, value => graph.Multiply(value, graph.Constant([near])));
        }
    }

    /// <summary>What a function makes of two values, which broadcast to the shape.</summary>
    public IEnumerable<TracedValue> OfTwo(TracedValue first, TracedValue second, long[] shape)
    {
        (Tensor a, Tensor b) = (first.Value, second.Value);
        if (a.dtype != torch.ScalarType.Float32 || b.dtype != torch.ScalarType.Float32 || !Broadcasts(a.shape, b.shape, shape))
        {
            yield break;
        }

        yield return Both((x, y) => x + y, "Add");
        yield return Both((x, y) => x * y, "Mul");
        yield return Both((x, y) => x - y, "Sub");
        yield return Both(torch.maximum, "Max");

        TracedValue Both(Func<Tensor, Tensor, Tensor> function, string type) =>
            new(function(a, b), () => graph.Operator(type, [first.Write(), second.Write()]) with { Rank = shape.Length })
            {
                Whole = () => function(first.Whole(), second.Whole()),
            };
    }

    /// <summary>The values one after the other that give the target along an axis; null where there are none.</summary>
    public TracedValue? Concatenation(IReadOnlyList<TracedValue> values, Tensor target)
    {
        for (int axis = 1; axis < target.dim(); axis++)
        {
            List<TracedValue> parts = [];
            long done = 0;
            while (done < target.shape[axis] && FindPart(values, target, axis, done) is { } part)
            {
                parts.Add(part);
                done += part.Value.shape[axis];
            }

            if (parts.Count > 1 && done == target.shape[axis])
            {
                int along = axis;
                return new TracedValue(
                    target, () => graph.Concat(along, [.. parts.Select(part => part.Write())]) with { Rank = (int)target.dim() });
            }
        }

        return null;
    }

    /// <summary>What one or two functions that change the shape make of a value of another shape.</summary>
    public IEnumerable<TracedValue> InShape(TracedValue of, long[] shape) =>
        IsShape(of.Value, shape) || of.Value.dtype != torch.ScalarType.Float32 ? []
            : Moved(of, shape).Concat(MovedTwice(of, shape));

    /// <summary>Functions that change the shape: pooling, means, reshaping, transposing, parts of an axis.</summary>
    private IEnumerable<TracedValue> Moved(TracedValue of, long[] shape) => Reshaped(of, shape).Concat(Pooled(of)).Concat(Parts(of, shape))
        .Where(each => IsShape(each.Value, shape));

    /// <summary>Two of them: what is pooled and then flat, pooled twice, or flat and transposed.</summary>
    private IEnumerable<TracedValue> MovedTwice(TracedValue of, long[] shape)
    {
        if (of.Value.dim() == 4 && shape.Length is 2 or 4)
        {
            return Pooled(of).SelectMany(each => Moved(each, shape));
        }

        if (of.Value.dim() == 4 && shape.Length == 3)
        {
            long[] flat = [of.Value.shape[0], of.Value.shape[1], of.Value.shape[2] * of.Value.shape[3]];
            return Reshaped(of, flat).Where(each => IsShape(each.Value, flat)).SelectMany(each => Reshaped(each, shape))
                .Where(each => IsShape(each.Value, shape));
        }

        return [];
    }

    private IEnumerable<TracedValue> Pooled(TracedValue of)
    {
        Tensor x = of.Value;
        if (x.dim() == 4)
        {
            foreach (bool keepsAxes in (bool[])[true, false])
            {
                OnnxValue Global(OnnxValue value, string type) =>
                    graph.Operator(type, [value]) is var pooled && keepsAxes ? pooled : graph.Flatten(pooled);
                yield return Make(of, x.mean(Spatial, keepsAxes), value => Global(value, "GlobalAveragePool"));
                yield return Make(of, functional.adaptive_avg_pool2d(x, 1) is var pooled && keepsAxes ? pooled : pooled.flatten(1), value =>
                    Global(value, "GlobalAveragePool"));
                yield return Make(of, x.amax(Spatial, keepsAxes), value => Global(value, "GlobalMaxPool"));
            }

            foreach ((long kernel, long stride, long padding)
                in Windows.Where(each => Math.Min(x.shape[2], x.shape[3]) + (2 * each.Padding) >= each.Kernel))
            {
                (string, object)[] window =
                [
                    ("kernel_shape", (long[])[kernel, kernel]),
                    ("strides", (long[])[stride, stride]),
                    ("pads", (long[])[padding, padding, padding, padding])
                ];
                yield return Make(
                    of, functional.max_pool2d(x, kernel, stride, padding), value => graph.Operator("MaxPool", [value], window));
                yield return Make(of, functional.avg_pool2d(x, kernel, stride, padding), value =>
                    graph.Operator("AveragePool", [value], [.. window, ("count_include_pad", 1L)]));
            }
        }

        for (long axis = 1; axis < x.dim(); axis++)
        {
            long reduced = axis;
            yield return Make(
                of, x.mean([reduced]), value => graph.Operator("ReduceMean", [value], ("axes", (long[])[reduced]), ("keepdims", 0L)));
        }
    }

    private IEnumerable<TracedValue> Reshaped(TracedValue of, long[] shape)
    {
        Tensor x = of.Value;
        if (x.dim() == 0 || shape.Length == 0 || x.numel() != shape.Aggregate(1L, (product, length) => product * length)
            || x.shape[0] != shape[0])
        {
            yield break;
        }

        long[] batchwise = [0, .. shape[1..]];
        yield return Make(of, x.reshape(shape), value =>
            shape.Length == 2 ? graph.Flatten(value) : graph.Operator("Reshape", [value, graph.Integers(batchwise)]));
        for (int i = 1; i < x.dim(); i++)
        {
            for (int j = i + 1; j < x.dim(); j++)
            {
                long[] order = [.. Enumerable.Range(0, (int)x.dim()).Select(axis => (long)(axis == i ? j : axis == j ? i : axis))];
                yield return Make(of, x.permute(order), value => graph.Operator("Transpose", [value], ("perm", order)));
            }
        }
    }

    /// <summary>A run of one axis, as chunk, split and narrow give it.</summary>
    private IEnumerable<TracedValue> Parts(TracedValue of, long[] shape)
    {
        Tensor x = of.Value;
        int[] differing = x.dim() != shape.Length ? [] : [.. Enumerable.Range(0, shape.Length).Where(axis => x.shape[axis] != shape[axis])];
        if (differing is not [> 0 and var along] || x.shape[along] < shape[along])
        {
            yield break;
        }

        for (long start = 0; start + shape[along] <= x.shape[along]; start++)
        {
            (long begin, long end) = (start, start + shape[along]);
            yield return Make(
                of,
                x.narrow(along, begin, end - begin),
                value => graph.Operator("Slice", [value, graph.Integers([begin]), graph.Integers([end]), graph.Integers([along])]));
        }
    }

    private static TracedValue Make(TracedValue of, Tensor value, Func<OnnxValue, OnnxValue> write)
    {
        int rank = (int)value.dim(); // what was tried may be gone when the value is written
        return new TracedValue(value, () => write(of.Write()) with { Rank = rank });
    }

    private Func<OnnxValue, OnnxValue> Named(string type) => value => graph.Operator(type, [value]);

    /// <summary>The longest value that lies in the target from a place of an axis on.</summary>
    private static TracedValue? FindPart(IReadOnlyList<TracedValue> values, Tensor target, int axis, long start) => values
        .Where(each => each.Value.dim() == target.dim() && each.Value.shape[axis] <= target.shape[axis] - start
            && Enumerable.Range(0, (int)target.dim()).All(other => other == axis || each.Value.shape[other] == target.shape[other]))
        .OrderByDescending(each => each.Value.shape[axis])
        .FirstOrDefault(each => each.Is(target.narrow(axis, start, each.Value.shape[axis])));

    private static bool IsShape(Tensor value, long[] shape) => value.shape.AsSpan().SequenceEqual(shape);

    private static bool Broadcasts(long[] a, long[] b, long[] shape)
    {
        if (Math.Max(a.Length, b.Length) != shape.Length)
        {
            return false;
        }

        for (int i = 1; i <= shape.Length; i++)
        {
            long ofA = i <= a.Length ? a[^i] : 1, ofB = i <= b.Length ? b[^i] : 1;
            if ((ofA != ofB && ofA != 1 && ofB != 1) || Math.Max(ofA, ofB) != shape[^i])
            {
                return false;
            }
        }

        return true;
    }
}
