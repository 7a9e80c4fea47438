using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Which modules run while a model computes one batch, with their inputs and results. TorchSharp's hooks show calls by <c>call</c>; a
/// module that is called by <c>forward</c> stays unseen.
/// </summary>
internal sealed class ModuleTrace : IDisposable
{
    /// <summary>More than one sample, so that no axis of length 1 is taken for the batch.</summary>
    private const long Batch = 2;

    private const long Seed = 1;

    private readonly Dictionary<torch.nn.Module, Queue<ModuleCall>> _calls = new(ReferenceEqualityComparer.Instance);

    private readonly List<Tensor> _copies = [];

    private ModuleTrace()
    {
    }

    /// <summary>Runs a model once on random values, in evaluation mode.</summary>
    /// <param name="root">The model.</param>
    /// <param name="sampleShape">The shape of one sample, without the batch axis.</param>
    /// <param name="tokens">How many different tokens there are; null for floats.</param>
    public static ModuleTrace Record(torch.nn.Module<Tensor, Tensor> root, long[] sampleShape, int? tokens)
    {
        ModuleTrace trace = new();
        Stack<ModuleCall> open = [];
        List<Action> unhook = [];
        bool isTraining = root.training;
        try
        {
            foreach (torch.nn.Module<Tensor, Tensor> module in root.modules().Prepend(root).OfType<torch.nn.Module<Tensor, Tensor>>()
                .Distinct<torch.nn.Module<Tensor, Tensor>>(ReferenceEqualityComparer.Instance))
            {
                unhook.Add(module.register_forward_pre_hook((called, input) =>
                {
                    ModuleCall call = new((torch.nn.Module<Tensor, Tensor>)called, trace.Copy(input));
                    if (open.TryPeek(out ModuleCall? outer))
                    {
                        outer.Inner.Add(call);
                    }

                    open.Push(call);
                    return input;
                }).remove);
                unhook.Add(module.register_forward_hook((_, _, output) =>
                {
                    ModuleCall call = open.Pop();
                    call.Output = trace.Copy(output);
                    trace.Add(call);
                    return output;
                }).remove);
            }

            root.eval();
            using torch.Generator random = new(Seed);
            long[] shape = [Batch, .. sampleShape];
            Tensor sample = tokens is { } most
                ? torch.randint(0, most, shape, torch.ScalarType.Int64, generator: random)
                : torch.randn(shape, generator: random);
            root.call(sample.to(DeviceOf(root)));
        }
        finally
        {
            unhook.ForEach(each => each());

            root.train(isTraining);
        }

        return trace;
    }

    /// <summary>The next call of a module; null where no further one was seen.</summary>
    public ModuleCall? Next(torch.nn.Module module) =>
        _calls.TryGetValue(module, out Queue<ModuleCall>? calls) && calls.TryDequeue(out ModuleCall? call) ? call : null;

    /// <summary>Whether a module was seen to run.</summary>
    public bool HasSeen(torch.nn.Module module) => _calls.ContainsKey(module);

    /// <inheritdoc/>
    public void Dispose() => _copies.ForEach(copy => copy.Dispose());

    /// <summary>A copy that outlives the dispose scopes of forward methods.</summary>
    private Tensor Copy(Tensor tensor)
    {
        Tensor copy = tensor.detach().clone().DetachFromDisposeScope();
        _copies.Add(copy);
        return copy;
    }

    private void Add(ModuleCall call)
    {
        if (!_calls.TryGetValue(call.Module, out Queue<ModuleCall>? calls))
        {
            _calls.Add(call.Module, calls = []);
        }

        calls.Enqueue(call);
    }

    private static torch.Device DeviceOf(torch.nn.Module module) =>
        module.parameters().Concat(module.buffers()).FirstOrDefault()?.device ?? torch.CPU;
}
