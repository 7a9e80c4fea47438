using TorchSharp;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Trains a student to give what its teacher, mostly the float model, gives (Hinton, Vinyals and Dean, 2015, arXiv:1503.02531). With logits
/// s and t and the temperature T the loss of a batch is <c>share · labels(s) + (1 − share) · T² · KL(softmax(t / T) ‖ softmax(s / T)) + Σ
/// weight · Σ(sᵢ − tᵢ)² / Σtᵢ²</c>, the last sum over the layers that are compared. Dispose it to take its hooks off.
/// </summary>
public sealed class Distillation : IDisposable
{
    private readonly Module<Tensor, Tensor> _student;
    private readonly Module<Tensor, Tensor> _teacher;
    private readonly DistillationOptions _options;
    private readonly List<Action> _unhook = [];
    private readonly Tensor?[] _ofStudent;
    private readonly Tensor?[] _ofTeacher;

    /// <summary>Sets a teacher over a student.</summary>
    /// <param name="student">The module that is trained.</param>
    /// <param name="teacher">
    /// The module that it learns from: another object with parameters of its own. It is set to evaluation mode and runs without gradients.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">Teacher and student are one module or share parameters, or a layer is not theirs.</exception>
    public Distillation(Module<Tensor, Tensor> student, Module<Tensor, Tensor> teacher, DistillationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        _student = student;
        _teacher = teacher;
        _options = options ?? new DistillationOptions();
        HashSet<IntPtr> learned = [.. student.parameters().Select(parameter => parameter.Handle)];
        if (ReferenceEquals(student, teacher) || teacher.parameters().Any(parameter => learned.Contains(parameter.Handle)))
        {
            throw new ArgumentException("The teacher shares parameters with the student and would be trained with it; make the float model "
                + "a second time and load its state into it.", nameof(teacher));
        }

        _ofStudent = new Tensor?[_options.Layers.Count];
        _ofTeacher = new Tensor?[_options.Layers.Count];
        for (int i = 0; i < _options.Layers.Count; i++)
        {
            DistilledLayer layer = _options.Layers[i];
            (Module<Tensor, Tensor> ofStudent, Module<Tensor, Tensor> ofTeacher) =
                (Find(student, layer.Student, nameof(student)), Find(teacher, layer.Teacher, nameof(teacher)));
            Record(ofStudent, _ofStudent, i);
            Record(ofTeacher, _ofTeacher, i);
        }
    }

    /// <summary>The loss of a batch: both models run on it.</summary>
    /// <param name="input">The batch.</param>
    /// <param name="labelLoss">
    /// The loss on labels of the student's result, such as <c>logits => functional.cross_entropy(logits, labels)</c>; null where there are
    /// no labels.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// A layer that is compared did not run, or student and teacher give results of different shapes.
    /// </exception>
    public Tensor Loss(Tensor input, Func<Tensor, Tensor>? labelLoss = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = torch.NewDisposeScope();
        Forget();
        Tensor taught;
        using (torch.no_grad())
        {
            _teacher.eval();
            taught = _teacher.call(input);
        }

        Tensor result = _student.call(input);
        ThrowUnlessSameShape(result, taught, "The results");
        double share = labelLoss is null ? 0 : _options.LabelShare;
        Tensor loss = (1 - share) * Divergence(result, taught);
        if (labelLoss is not null && share > 0)
        {
            loss += share * labelLoss(result);
        }

        for (int i = 0; i < _options.Layers.Count; i++)
        {
            DistilledLayer layer = _options.Layers[i];
            Tensor student = _ofStudent[i] ?? throw NotSeen(layer.Student, nameof(student)),
                teacher = _ofTeacher[i] ?? throw NotSeen(layer.Teacher, nameof(teacher));
            ThrowUnlessSameShape(student, teacher, $"The results of {layer.Student} and {layer.Teacher}");
            loss += layer.Weight * (student - teacher).square().sum() / teacher.square().sum().clamp_min(float.Epsilon);
        }

        Forget();
        return loss.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _unhook.ForEach(each => each());
        _unhook.Clear();
        Forget();
    }

    private void Forget()
    {
        foreach (Tensor?[] results in (ReadOnlySpan<Tensor?[]>)[_ofStudent, _ofTeacher])
        {
            Array.ForEach(results, result => result?.Dispose());
            Array.Clear(results);
        }
    }

    private Tensor Divergence(Tensor result, Tensor taught)
    {
        double temperature = _options.Temperature;
        Tensor student = functional.log_softmax(result / temperature, -1), teacher = functional.log_softmax(taught / temperature, -1);
        Tensor divergence = (teacher.exp() * (teacher - student)).sum(-1).mean();
        return divergence * (temperature * temperature);
    }

    private void Record(Module<Tensor, Tensor> module, Tensor?[] results, int index) =>
        _unhook.Add(module.register_forward_hook((_, _, output) =>
        {
            results[index]?.Dispose();
            results[index] = output.alias().DetachFromDisposeScope(); // forward methods and Sequential dispose what they have read
            return output;
        }).remove);

    private static Module<Tensor, Tensor> Find(Module<Tensor, Tensor> root, string path, string argument)
    {
        Dictionary<string, torch.nn.Module> known = root.named_modules().ToDictionary(each => each.name, each => each.module);
        IEnumerable<string> usable =
            known.Where(each => each.Key.Length > 0 && each.Value is Module<Tensor, Tensor>).Select(each => $"'{each.Key}'");
        return known.GetValueOrDefault(path) as Module<Tensor, Tensor> ?? throw new ArgumentException(
            $"The {argument} has no module '{path}' of one input and one result; it has {string.Join(", ", usable)}.",
            argument);
    }

    private static InvalidOperationException NotSeen(string path, string model) =>
        new($"'{path}' of the {model} was not seen to run: call it by call, not by forward, or leave it out of "
            + "DistillationOptions.Layers.");

    private static void ThrowUnlessSameShape(Tensor student, Tensor teacher, string what)
    {
        if (!student.shape.AsSpan().SequenceEqual(teacher.shape))
        {
            throw new InvalidOperationException(
                $"{what} differ in shape: the student's is [{string.Join(", ", student.shape)}], the teacher's "
                    + $"[{string.Join(", ", teacher.shape)}].");
        }
    }
}
