using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Writes a module whose forward method nothing describes. The modules inside are seen while it runs. What it computes between them is
/// found by its values: a function of values that are known, or of two of them, whose result is the very input of the next module.
/// </summary>
/// <param name="graph">The graph to write to.</param>
/// <param name="trace">What was seen.</param>
internal sealed class TracedModuleExport(OnnxGraph graph, ModuleTrace trace)
{
    /// <summary>More values than this are not combined with each other.</summary>
    private const int MaxCombined = 64;

    /// <summary>How many of the last values are looked at as a part of what was pooled.</summary>
    private const int MaxPooled = 4;

    /// <summary>How many of the last values are looked at as one of three.</summary>
    private const int MaxOfThree = 8;

    private readonly FunctionalOperators _functions = new(graph);

    /// <summary>Adds what a module computes.</summary>
    /// <param name="module">The module.</param>
    /// <param name="input">Its input in the graph.</param>
    /// <param name="path">Where in the model it is, for messages.</param>
    /// <exception cref="NotSupportedException">It was not seen to run, or what it computes is not recognized.</exception>
    public OnnxValue Write(torch.nn.Module<Tensor, Tensor> module, OnnxValue input, string path)
    {
        string kind = module.GetType().Name;
        string name = path.Length == 0 ? $"the {kind}" : $"{path} ({kind})";
        if (!module.children().Any() && module.GetType().Assembly == typeof(torch).Assembly)
        {
            throw new NotSupportedException(
                $"{name} has no known ONNX form; implement {nameof(IOnnxExportable)} in it, or in the module that calls it.");
        }

        if (trace.Next(module) is not { } call)
        {
            throw new NotSupportedException(
                $"{name} was not seen to run: it is called by forward. Call it by call, or implement {nameof(IOnnxExportable)} in the "
                    + "module that calls it.");
        }

        Dictionary<torch.nn.Module, string> names = new(ReferenceEqualityComparer.Instance);
        foreach ((string inner, torch.nn.Module child) in module.named_modules())
        {
            names.TryAdd(child, inner);
        }

        List<TracedValue> known = [TracedValue.Of(call.Input, input), .. Constants(module)];
        string last = "its input";
        foreach (ModuleCall inner in call.Inner)
        {
            string at = names.GetValueOrDefault(inner.Module) ?? inner.Module.GetType().Name;
            OnnxValue given = (Find(known, inner.Input) ?? throw Unknown($"between {last} and {at}")).Write();
            known.Add(TracedValue.Of(inner.Input, given));
            known.Add(TracedValue.Of(inner.Output!, graph.Call(inner.Module, given, at)));
            last = at;
        }

        return (Find(known, call.Output!) ?? throw Unknown($"behind {last}")).Write();

        NotSupportedException Unknown(string where)
        {
            string[] unseen =
            [
                .. names.Where(each => each.Value.Length > 0 && each.Key is torch.nn.Module<Tensor, Tensor> && !trace.HasSeen(each.Key)
                    && IsOwnLayer(each.Key)).Select(each => each.Value)];
            string hint = unseen.Length == 0 ? ""
                : $" {string.Join(", ", unseen)} {(unseen.Length == 1 ? "was" : "were")} not seen to run: call "
                    + $"{(unseen.Length == 1 ? "it" : "them")} by call, not by forward.";
            return new NotSupportedException(
                $"{name}: what forward computes {where} is no function that the export recognizes.{hint} Implement "
                    + $"{nameof(IOnnxExportable)} in {kind}, or put the function into a module that does.");
        }
    }

    /// <summary>Whether a module runs by itself, and is no part of one that computes by its own means.</summary>
    private static bool IsOwnLayer(torch.nn.Module module) =>
        module is not FakeQuantize && (module is QuantizedLayer || !module.children().Any());

    /// <summary>The parameters and buffers of the module itself.</summary>
    private IEnumerable<TracedValue> Constants(torch.nn.Module module) =>
        module.named_parameters(recurse: false).Select(each => (Tensor)each.parameter)
            .Concat(module.named_buffers(recurse: false).Select(each => each.buffer))
            .Where(each => each.dtype == torch.ScalarType.Float32)
            .Select(each => new TracedValue(each.detach(), () => graph.Float(each)));

    /// <summary>A value of the graph that is the target, or what makes it of others; the simplest.</summary>
    private TracedValue? Find(List<TracedValue> known, Tensor target)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        // The values nearest to the place come first: where several have the same values, it is most likely the last.
        TracedValue[] values = [.. Enumerable.Reverse(known).Take(MaxCombined)];
        long[] shape = target.shape;
        IEnumerable<TracedValue> changed = values.SelectMany(each => _functions.OfOne(each, shape));
        if ((First(values) ?? First(changed) ?? First(values.SelectMany(each => _functions.Multiples(each, target)))) is { } one)
        {
            return one;
        }

        TracedValue[] active = [.. values, .. values.SelectMany(_functions.Activations)];
        if (_functions.Concatenation([.. active, .. Halves(values)], target) is { } joined)
        {
            return joined;
        }

        return FindCombination(values, target)
            ?? FindDifference(values, target)
            ?? First(ShapesOf(values)
                .SelectMany(other => Pairs([.. values.Take(MaxPooled)], values, other)).SelectMany(each => _functions.OfOne(each, shape)));

        TracedValue? First(IEnumerable<TracedValue> candidates) => candidates.FirstOrDefault(each => each.Is(target));
    }

    /// <summary>
    /// A function of two or three values, and perhaps one of what they give. Corners are tried, and the whole where a corner fits.
    /// </summary>
    private TracedValue? FindCombination(TracedValue[] values, Tensor target)
    {
        Tensor corner = TracedValue.CornerOf(target);
        long[] shape = corner.shape;
        TracedValue[] corners = [.. values.Where(each => each.Value.dtype == torch.ScalarType.Float32).Select(each => each.Corner())];
        TracedValue[] scaled =
        [
            .. corners,
            .. values.SelectMany(each => Scales(each, target).Concat(_functions.InShape(each, target.shape))).Select(each => each.Corner()),
        ];
        TracedValue[] active = [.. corners, .. corners.SelectMany(_functions.ElementFunctions)];
        TracedValue[] pairs = [.. Pairs(scaled, scaled, shape)];
        return First(pairs)
            ?? First(pairs.SelectMany(_functions.ElementFunctions))
            ?? First(Pairs(corners, active, shape))
            ?? First(Threes())
            ?? First(Threes().SelectMany(_functions.ElementFunctions));

        IEnumerable<TracedValue> Threes()
        {
            TracedValue[] last = [.. corners.Take(MaxOfThree)];
            return Pairs([.. Pairs(last, last, shape)], last, shape);
        }

        TracedValue? First(IEnumerable<TracedValue> candidates) => candidates.FirstOrDefault(each => each.IsWhole(corner, target));
    }

    /// <summary>A sum of one value and a multiple of another: what is left without the one tells the factor.</summary>
    private TracedValue? FindDifference(TracedValue[] values, Tensor target)
    {
        foreach (TracedValue one in values.Where(each => each.Value.shape.AsSpan().SequenceEqual(target.shape)))
        {
            Tensor rest = target - one.Value;
            foreach (TracedValue other in values.Where(each => each != one).SelectMany(each => _functions.Multiples(each, rest)))
            {
                if (_functions.OfTwo(one, other, target.shape).FirstOrDefault(each => each.Is(target)) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private IEnumerable<TracedValue> Pairs(TracedValue[] first, TracedValue[] second, long[] shape) =>
        first.SelectMany(one => second.SelectMany(other => _functions.OfTwo(one, other, shape)));

    /// <summary>Per-channel values, reshaped to broadcast over a picture.</summary>
    private IEnumerable<TracedValue> Scales(TracedValue value, Tensor target) =>
        target.dim() == 4 && value.Value.shape is [var batch, var channels] ? _functions.OfOne(value, [batch, channels, 1, 1]) : [];

    /// <summary>The halves of values along their channels, each also behind a function.</summary>
    private IEnumerable<TracedValue> Halves(TracedValue[] values) =>
        values.Where(each => each.Value.dim() > 1 && each.Value.shape[1] % 2 == 0)
            .SelectMany(each => _functions.OfOne(each, [each.Value.shape[0], each.Value.shape[1] / 2, .. each.Value.shape[2..]]));

    private static IEnumerable<long[]> ShapesOf(TracedValue[] values) =>
        values.Select(each => each.Value.shape).DistinctBy(shape => string.Join(',', shape));

}
