using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.Samples;

public sealed class SampleBinderTests
{
    private static readonly float[] Six = [1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData(2, 3)]
    [InlineData(1, 2, 3)]
    public void The_batch_axis_is_added_where_the_sample_lacks_it(params int[] shape)
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2, 3]));
        ModelSample sample = new("s.npy", SampleTensor.Create<float>(null, Six, [.. shape.Select(length => (long)length)]));

        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);

        bound.Inputs["x"].GetTensorTypeAndShape().Shape.Should().Equal(1, 2, 3);
        Run(session, bound).Should().Equal(Six);
    }

    [Fact]
    public void Named_tensors_go_to_their_inputs_whatever_their_order()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Add(-1, 2));
        ModelSample sample = new("s.npz", SampleTensor.Create<float>("b", [10, 20], 2), SampleTensor.Create<float>("a", [1, 2], 1, 2));

        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);

        bound.Inputs["a"].GetTensorDataAsSpan<float>().ToArray().Should().Equal(1, 2);
        Run(session, bound).Should().Equal(11, 22);
    }

    [Fact]
    public void Unnamed_tensors_go_to_the_inputs_at_their_positions()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Add(-1, 2));
        ModelSample sample = new("s", SampleTensor.Create<float>(null, [1, 2], 2), SampleTensor.Create<float>(null, [10, 20], 2));

        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);

        bound.Inputs["b"].GetTensorDataAsSpan<float>().ToArray().Should().Equal(10, 20);
    }

    [Fact]
    public void Samples_with_and_without_the_batch_axis_stack()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2]));
        ModelSample[] samples = [Sample([1, 2], 2), Sample([3, 4, 5, 6], 2, 2), Sample([7, 8], 1, 2)];

        SampleBinder.CanStack(samples[0], samples[1], session.InputMetadata).Should().BeTrue();
        using BoundSample bound = SampleBinder.Bind(samples, session.InputMetadata);

        bound.Inputs["x"].GetTensorTypeAndShape().Shape.Should().Equal(4, 2);
        Run(session, bound).Should().Equal(1, 2, 3, 4, 5, 6, 7, 8);
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(-1, 3, false)]
    [InlineData(-1, 2, true)]
    public void Samples_stack_only_on_a_free_batch_axis_and_with_equal_shapes(int batch, int lengthOfSecond, bool expected)
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [batch, -1]));

        SampleBinder.CanStack(Sample([1, 2], 2), Sample(new float[lengthOfSecond], lengthOfSecond), session.InputMetadata).Should()
            .Be(expected);
    }

    [Fact]
    public void A_wrong_name_is_named_with_the_names_that_exist()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2]));

        Refusal(session, new ModelSample("dir/s.npz", SampleTensor.Create<float>("arr_0", [1, 2], 2)))
            .Should().Be("dir/s.npz: the model has no input 'arr_0'; its inputs are 'x'.");
    }

    [Fact]
    public void A_missing_input_is_named()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Add(-1, 2));

        Refusal(session, new ModelSample("s.npy", SampleTensor.Create<float>(null, [1, 2], 2)))
            .Should().Be("s.npy: input 'b' is missing; a sample needs a value for each of 'a', 'b'.");
    }

    [Theory]
    [InlineData(new long[] { 3, 2 }, "[3, 2]")]
    [InlineData(new long[] { 6 }, "[6]")]
    [InlineData(new long[] { 1, 1, 2, 3 }, "[1, 1, 2, 3]")]
    public void A_wrong_shape_is_told_beside_the_models(long[] shape, string shown)
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2, 3]));

        Refusal(session, new ModelSample("s.npy", SampleTensor.Create<float>(null, Six, shape)))
            .Should().Be($"s.npy: input 'x' has shape {shown}, but the model takes [N, 2, 3], with or without the first axis.");
    }

    [Fact]
    public void A_wrong_element_type_is_told_beside_the_models()
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2]));

        Refusal(session, new ModelSample("s.npy", SampleTensor.Create<double>(null, [1, 2], 2)))
            .Should().Be("s.npy: input 'x' holds float64, but the model takes float32; convert the sample.");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused(float value)
    {
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 2, 3]));

        Refusal(session, new ModelSample("s.npy", SampleTensor.Create<float>(null, [1, 2, 3, 4, value, 6], 2, 3)))
            .Should().Be("s.npy: element 4 of input 'x' is NaN or infinite; remove the sample or repair its values.");
    }

    [Fact]
    public void Integer_inputs_are_bound_as_they_are()
    {
        const int Int64Type = 7;
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(Int64Type, -1, 2));

        using BoundSample bound = SampleBinder.Bind(
            new ModelSample("s", SampleTensor.Create<long>("x", [long.MinValue, 7], 2)), session.InputMetadata);

        bound.Inputs["x"].GetTensorDataAsSpan<long>().ToArray().Should().Equal(long.MinValue, 7);
    }

    [Fact]
    public void A_tensor_refuses_a_shape_that_does_not_hold_its_values()
    {
        Action make = () => SampleTensor.Create<float>("x", Six, 2, 2);

        make.Should().Throw<ArgumentException>().WithMessage("A shape of [2, 2] has 4 elements, but 6 values were given.*");
    }

    private static ModelSample Sample(float[] values, params long[] shape) => new("s", SampleTensor.Create<float>("x", values, shape));

    private static string Refusal(InferenceSession session, ModelSample sample)
    {
        Action bind = () => SampleBinder.Bind(sample, session.InputMetadata).Dispose();
        return bind.Should().Throw<InvalidDataException>().Which.Message;
    }

    private static float[] Run(InferenceSession session, BoundSample bound)
    {
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, bound.Inputs, session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
