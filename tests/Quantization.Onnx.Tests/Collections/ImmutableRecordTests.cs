using System.Collections;
using System.Reflection;

namespace Quantization.Onnx.Tests.Collections;

/// <summary>Records that say they are immutable keep nothing that their caller can change, and print what their collections hold.</summary>
public sealed class ImmutableRecordTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Records =>
    [
        .. typeof(PtqOptions).Assembly.GetExportedTypes().Where(type => type.GetMethod("<Clone>$") is not null && Collections(type).Any())
            .Select(type => type.FullName!),
    ];

    [Theory]
    [MemberData(nameof(Records))]
    public void A_collection_that_is_given_to_a_record_is_copied(string record)
    {
        Type type = typeof(PtqOptions).Assembly.GetType(record)!;
        if (type.IsAbstract)
        {
            type = type.Assembly.GetExportedTypes().First(each => !each.IsAbstract && each.IsAssignableTo(type));
        }

        object instance = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        foreach (PropertyInfo property in Collections(type))
        {
            (object given, Action change) = Make(property.PropertyType);

            property.SetValue(instance, given);
            change();

            ((IEnumerable)property.GetValue(instance)!).Cast<object?>().Should().ContainSingle($"{property.Name} is a copy");
        }
    }

    [Fact]
    public void Options_keep_what_they_were_given_though_the_caller_goes_on_with_it()
    {
        HashSet<string> nodes = ["conv1"];
        Dictionary<string, ICalibrator> calibrators = new() { ["r"] = new MseCalibrator() };
        Dictionary<string, WeightOptions> weights = new() { ["conv2"] = new WeightOptions { Granularity = GranularityKind.PerTensor } };
        PtqOptions options = new() { FloatNodes = nodes, OwnCalibrators = calibrators, OwnWeights = weights };

        nodes.Add("conv2");
        calibrators.Clear();
        weights.Clear();

        options.FloatNodes.Should().Equal("conv1");
        options.OwnCalibrators.Keys.Should().Equal("r");
        options.OwnWeights.Keys.Should().Equal("conv2");
        (options with { LatencyRuns = 1 }).FloatNodes.Should().BeSameAs(options.FloatNodes);
        FluentActions.Invoking(() => options with { FloatNodes = null! }).Should()
            .Throw<ArgumentNullException>().WithParameterName("FloatNodes");
    }

    [Fact]
    public void Options_without_collections_stay_equal()
    {
        new PtqOptions().Should()
            .Be(new PtqOptions { FloatNodes = new HashSet<string>(), OwnWeights = new Dictionary<string, WeightOptions>() });
        new EvaluationOptions().Should().Be(new EvaluationOptions { Metrics = [] });
    }

    [Fact]
    public void Options_print_the_values_of_their_collections()
    {
        PtqOptions options = new()
        {
            FloatNodes = new HashSet<string> { "conv1", "conv2" },
            OwnCalibrators = new Dictionary<string, ICalibrator> { ["r"] = new PercentileCalibrator(99.9) },
            OwnWeights = new Dictionary<string, WeightOptions> { ["fc"] = new() { Granularity = GranularityKind.PerTensor } },
        };

        options.ToString().Should().Contain("FloatNodes = [conv1, conv2]").And.Contain("OwnCalibrators = {r: Percentile 99.9}")
            .And.Contain("OwnWeights = {fc: WeightOptions { Granularity = PerTensor")
            .And.Contain("ActivationCalibrator = MSE,").And.NotContain("System.");
        new SearchOptions().ToString().Should()
            .Contain("ActivationCalibrators = [Max, Percentile 99.9, Percentile 99.99, Percentile 99.999, Entropy, MSE]");
        new SearchTrial("one", options, null!, null).ToString().Should().Contain("FloatNodes = [conv1, conv2]");
        new PartialPoint(["conv1"], options, null!, 0.5, 7) { Plan = new QuantizationPlan("static-int8", "onnxruntime-cpu", [], []) }
            .ToString().Should().Contain("FloatLayers = [conv1]").And.NotContain("System.");
    }

    [Fact]
    public void A_result_prints_the_values_of_its_collections_and_its_plan()
    {
        string node = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("all.onnx")).QuantizedNodes[0];
        PtqOptions options = new() { FloatNodes = new HashSet<string> { node } };

        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("int8.onnx"), options);

        string text = result.ToString();
        text.Should().Contain($"QuantizedNodes = [{result.QuantizedNodes[0]}, ")
            .And.Contain($"{node}: kept in float as asked").And.Contain("ConversionKinds = {")
            .And.Contain($"{FashionExample.Calibration.SampleCount} samples")
            .And.NotContain("System.").And.NotContain("Quantization.Onnx.");
        result.Plan.ToString().Should()
            .StartWith("QuantizationPlan { Recipe = static-int8, Target = ").And.Contain("Passes = [opset upgrade, ")
            .And.Contain($"Node = {result.QuantizedNodes[0]}, ").And.Contain($"ExcludedNodes = [{node}]").And.NotContain("Immutable");
    }

    [Fact]
    public void Long_collections_are_cut_where_they_are_printed()
    {
        PtqOptions options = new() { FloatNodes = Enumerable.Range(0, 103).Select(i => $"n{i}").ToHashSet() };

        options.ToString().Should().Contain(", n99 and 3 more]").And.NotContain("n100");
    }

    private static IEnumerable<PropertyInfo> Collections(Type type) => type.GetProperties().Where(property =>
        property.CanWrite && property.PropertyType.IsGenericType
        && property.PropertyType.GetGenericTypeDefinition() is { } open
        && (open == typeof(IReadOnlyList<>) || open == typeof(IReadOnlySet<>) || open == typeof(IReadOnlyDictionary<,>)));

    /// <summary>A collection of one item, and what takes the item out of it.</summary>
    private static (object Given, Action Change) Make(Type type)
    {
        Type[] arguments = type.GetGenericArguments();
        Type kind = type.GetGenericTypeDefinition() switch
        {
            { } list when list == typeof(IReadOnlyList<>) => typeof(List<>),
            { } set when set == typeof(IReadOnlySet<>) => typeof(HashSet<>),
            _ => typeof(Dictionary<,>),
        };
        object given = Activator.CreateInstance(kind.MakeGenericType(arguments))!;
        object?[] item = [.. arguments.Select(
            argument => argument == typeof(string) ? "name" : argument.IsValueType ? Activator.CreateInstance(argument) : null)];
        given.GetType().GetMethod("Add", arguments)!.Invoke(given, item);
        return (given, () => given.GetType().GetMethod("Clear", [])!.Invoke(given, null));
    }
}
