using Quantization.TorchSharp.Tests.Support;
using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Training;

/// <summary>Learning from a teacher.</summary>
public sealed class DistillationTests : TorchTest
{
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(3, 0.2)]
    [InlineData(2, 1)]
    public void The_loss_is_that_of_a_slow_reference(double temperature, double labelShare)
    {
        Module<Tensor, Tensor> student = Net(), teacher = Net();
        Tensor input = torch.randn(8, 1, 6, 6), labels = torch.randint(3, [8]);
        using Distillation distillation = new(student, teacher, new DistillationOptions
        {
            Temperature = temperature,
            LabelShare = labelShare,
            Layers = [new DistilledLayer("conv", "conv", 0.7)],
        });

        double loss = distillation.Loss(input, logits => functional.cross_entropy(logits, labels)).item<float>();

        teacher.eval();
        double expected = Reference(
            Values(student.call(input)), Values(teacher.call(input)), labels.data<long>().ToArray(), temperature, labelShare)
            + (0.7 * RelativeError(Values(Child(student, "conv").call(input)), Values(Child(teacher, "conv").call(input))));
        loss.Should().BeApproximately(expected, 1e-5 * (1 + expected));
    }

    [Fact]
    public void A_student_comes_nearer_to_its_teacher_which_stays_as_it_is()
    {
        Module<Tensor, Tensor> original = Net(), teacher = Net();
        teacher.load_state_dict(original.state_dict());
        QatModel model = QuantizationAwareTraining.Prepare(original, new QatOptions { Default = LayerQuantization.Learned(2, 2) });
        float[] before = [.. teacher.parameters().SelectMany(Values)];
        using Distillation distillation = model.DistillFrom(
            teacher, new DistillationOptions { Layers = [new DistilledLayer("conv", "conv", 0.1)] });
        using torch.optim.Optimizer optimizer = torch.optim.AdamW(model.Module.parameters(), 0.01);
        List<float> losses = [];
        for (int step = 0; step < 60; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            Tensor loss = distillation.Loss(torch.randn(64, 1, 6, 6));
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }

        losses[^10..].Average().Should().BeLessThan(losses[..5].Average() / 2);
        teacher.parameters().SelectMany(Values).Should().Equal(before);
        teacher.parameters().Should().OnlyContain(parameter => HasNoGradient(parameter));
    }

    [Fact]
    public void Layers_in_dispose_scopes_are_compared_and_nothing_is_left_alive()
    {
        Module<Tensor, Tensor> student = new Scoped(Net()), teacher = new Scoped(Net());
        using Distillation distillation = new(
            student, teacher, new DistillationOptions { Layers = [new DistilledLayer("inner.conv", "inner.conv", 1000)] });
        Tensor input = torch.randn(4, 1, 6, 6);
        double loss = Loss();
        long before = torch.Tensor.TotalCount;

        for (int i = 0; i < 20; i++)
        {
            Loss().Should().Be(loss);
        }

        loss.Should().BeGreaterThan(100, "the layers of two random nets differ much");
        (torch.Tensor.TotalCount - before).Should().BeLessThan(20);

        double Loss()
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor result = distillation.Loss(input);
            result.backward();
            return result.item<float>();
        }
    }

    private sealed class Scoped : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> inner;

        public Scoped(Module<Tensor, Tensor> inner)
            : base(nameof(Scoped))
        {
            this.inner = inner;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            return inner.call(input).MoveToOuterDisposeScope();
        }
    }

    [Fact]
    public void Hooks_are_gone_afterwards()
    {
        Module<Tensor, Tensor> student = Net(), teacher = Net();
        Distillation distillation = new(student, teacher, new DistillationOptions { Layers = [new DistilledLayer("conv", "conv")] });
        distillation.Dispose();

        Action loss = () => distillation.Loss(torch.randn(2, 1, 6, 6));

        loss.Should().Throw<InvalidOperationException>().WithMessage("'conv' of the student was not seen to run*");
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Module<Tensor, Tensor> student = Net(), teacher = Net();

        Action itself = () => _ = new Distillation(student, student);
        Action layer =
            () => _ = new Distillation(student, teacher, new DistillationOptions { Layers = [new DistilledLayer("conv", "head")] });
        Action shape = () => new Distillation(student, Sequential(Flatten(), Linear(36, 4))).Loss(torch.randn(2, 1, 6, 6));
        Action temperature = () => _ = new DistillationOptions { Temperature = 0 };

        itself.Should().Throw<ArgumentException>().WithMessage("The teacher shares parameters*");
        layer.Should().Throw<ArgumentException>().WithMessage("The teacher has no module 'head'*'conv'*");
        shape.Should().Throw<InvalidOperationException>().WithMessage("*[2, 3]*[2, 4]*");
        temperature.Should().Throw<ArgumentOutOfRangeException>();
    }

    private static bool HasNoGradient(Tensor parameter) => parameter.grad is null;

    private static Module<Tensor, Tensor> Net() =>
        Sequential(("conv", Conv2d(1, 16, 3)), ("relu", ReLU()), ("flat", Flatten()), ("linear", Linear(256, 3)));

    private static Module<Tensor, Tensor> Child(Module<Tensor, Tensor> net, string name) =>
        (Module<Tensor, Tensor>)net.named_children().First(each => each.name == name).module;

    private static double Reference(float[] student, float[] teacher, long[] labels, double temperature, double labelShare)
    {
        double divergence = 0, entropy = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            double[] s = Softmax(student[(3 * i)..(3 * i + 3)], temperature), t = Softmax(teacher[(3 * i)..(3 * i + 3)], temperature);
            divergence += t.Zip(s, (p, q) => p * Math.Log(p / q)).Sum() / labels.Length;
            entropy -= Math.Log(Softmax(student[(3 * i)..(3 * i + 3)], 1)[labels[i]]) / labels.Length;
        }

        return ((1 - labelShare) * temperature * temperature * divergence) + (labelShare * entropy);
    }

    private static double[] Softmax(float[] logits, double temperature)
    {
        double[] powers = [.. logits.Select(logit => Math.Exp(logit / temperature))];
        return [.. powers.Select(power => power / powers.Sum())];
    }

    private static double RelativeError(float[] student, float[] teacher) =>
        student.Zip(teacher, (s, t) => ((double)s - t) * ((double)s - t)).Sum() / teacher.Sum(t => (double)t * t);
}
