using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>The range that a value has whatever the model reads, as far as the operators that make it say so.</summary>
internal static class KnownRange
{
    /// <summary>How many operators behind each other are asked at most.</summary>
    private const int MaxSteps = 8;

    /// <summary>The slope that a LeakyRelu has where it does not say.</summary>
    private const float DefaultSlope = 0.01f;

    /// <summary>An interval that contains a value.</summary>
    public static Interval Of(string value, GraphIndex graph) => Of(value, graph, MaxSteps);

    private static Interval Of(string value, GraphIndex graph, int steps)
    {
        if (graph.FindConstant(value) is { } constant)
        {
            return constant.IsFloat() && constant.ReadFloats() is { Length: > 0 } values && Array.TrueForAll(values, float.IsFinite)
                ? new Interval(values.Min(), values.Max())
                : Interval.All;
        }

        if (steps == 0 || graph.FindProducer(value) is not { } producer || !Opset.IsOnnx(producer.Domain))
        {
            return Interval.All;
        }

        return producer.OpType switch
        {
            "Sigmoid" or "HardSigmoid" or "Softmax" => new Interval(0, 1),
            "Tanh" or "Erf" or "Softsign" or "Sin" or "Cos" => new Interval(-1, 1),
            "Relu" => Above(0, First()),
            "Abs" or "Exp" or "Sqrt" or "Softplus" => new Interval(0, double.PositiveInfinity),
            "Max" => producer.Input.Select(input => Of(input, graph, steps - 1))
                .Aggregate((one, other) => new Interval(Math.Max(one.Least, other.Least), Math.Max(one.Most, other.Most))),
            "Min" => producer.Input.Select(input => Of(input, graph, steps - 1))
                .Aggregate((one, other) => new Interval(Math.Min(one.Least, other.Least), Math.Min(one.Most, other.Most))),
            "Clip" => Clip(producer, graph, First()),
            "LeakyRelu" when producer.GetFloat("alpha", DefaultSlope) is > 0 and var slope =>
                First() is var range ? new Interval(Leak(range.Least, slope), Leak(range.Most, slope)) : Interval.All,
            "Concat" => producer.Input.Select(input => Of(input, graph, steps - 1)).Aggregate((one, other) => one.Union(other)),
            "GlobalMaxPool" => First(),
            "Pad" => OperatorRules.Find(producer, Targets.AnyForm) is null ? Interval.All : First().Union(Interval.Zero),
            _ => OperatorRules.Find(producer, Targets.AnyForm) is { Role: NodeRole.DataMovement } ? First() : Interval.All,
        };

        static double Leak(double end, double slope) => end < 0 ? end * slope : end;

        Interval First() => Of(producer.Input[0], graph, steps - 1);
    }

    private static Interval Clip(NodeProto clip, GraphIndex graph, Interval range)
    {
        for (int input = 1; input < Math.Min(3, clip.Input.Count); input++)
        {
            if (graph.FindConstant(clip.Input[input]) is { } bound && bound.IsFloat() && bound.CountElements() == 1)
            {
                float end = bound.ReadFloats()[0];
                range = input == 1 ? Above(end, range) : new Interval(Math.Min(range.Least, end), Math.Min(range.Most, end));
            }
        }

        return range;
    }

    private static Interval Above(double end, Interval range) => new(Math.Max(range.Least, end), Math.Max(range.Most, end));
}
