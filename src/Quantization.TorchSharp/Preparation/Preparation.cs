using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// One run of <see cref="QuantizationAwareTraining.Prepare"/>: finds the layers, then puts their quantized forms in their places.
/// </summary>
internal sealed class Preparation
{
    private readonly QatOptions _options;
    private readonly torch.nn.Module<Tensor, Tensor> _root;
    private readonly List<ModuleSlot> _slots = [];
    private readonly Dictionary<ModuleSlot, ModuleSlot> _normOf = [];

    public Preparation(torch.nn.Module<Tensor, Tensor> root, QatOptions options)
    {
        _root = root;
        _options = options;
        Visit(root, "");
        FindNamedPairs();
        ThrowIfUnknown(options.Layers.Keys, IsLayer, nameof(QatOptions.Layers));
    }

    public QatModel Run()
    {
        if (IsLayer(_root) && _root is not Embedding)
        {
            return PrepareRoot();
        }

        List<PreparedLayer> report = [];
        Dictionary<torch.nn.Module, QuantizedLayer> made = new(ReferenceEqualityComparer.Instance);
        foreach (ModuleSlot slot in _slots)
        {
            if (IsLayer(slot.Module))
            {
                report.Add(Replace(slot, made));
            }
        }

        foreach (ModuleSlot slot
            in _slots.Where(slot => slot.Module is NormBase && !made.Values.Any(layer => ReferenceEquals(layer.BatchNorm, slot.Module))))
        {
            report.Add(new PreparedLayer(slot.Path, slot.Module.GetType().Name, null, null, "it is no BatchNorm right behind a quantized "
                + "layer of a Sequential; name the pair in QatOptions.BatchNorms if it follows one"));
        }

        return new QatModel(_root, report);
    }

    private QatModel PrepareRoot()
    {
        string kind = _root.GetType().Name;
        LayerQuantization? quantization = _options.Layers.TryGetValue("", out LayerQuantization? named) ? named : _options.Default;
        string? reason = WhyNot(_root, quantization);
        if (reason is not null)
        {
            return new QatModel(_root, [new PreparedLayer("", kind, null, null, reason)]);
        }

        QuantizedLayer layer = Make(_root, quantization!, null, kind);
        return new QatModel(layer, [new PreparedLayer("", kind, layer, null, null)]);
    }

    private PreparedLayer Replace(ModuleSlot slot, Dictionary<torch.nn.Module, QuantizedLayer> made)
    {
        string kind = slot.Module.GetType().Name;
        if (made.TryGetValue(slot.Module, out QuantizedLayer? shared) && slot.WhyNot(shared.GetType()) is null)
        {
            slot.Put(shared);
            return new PreparedLayer(slot.Path, kind, shared, null, null);
        }

        LayerQuantization? quantization = _options.Layers.TryGetValue(slot.Path, out LayerQuantization? named) ? named
            : slot.Module is Embedding ? _options.Embeddings : _options.Default;
        string? reason = WhyNot(slot.Module, quantization) ?? slot.WhyNot(QuantizedTypeOf(slot.Module));
        if (reason is not null)
        {
            return new PreparedLayer(slot.Path, kind, null, null, reason);
        }

        if (slot.Module is Embedding table)
        {
            QuantizedEmbedding rows = new(table, quantization!, slot.Path);
            rows.train(table.training);
            slot.Put(rows);
            return new PreparedLayer(slot.Path, kind, null, null, null) { Embedding = rows };
        }

        ModuleSlot? norm = _normOf.GetValueOrDefault(slot);
        if (norm is not null && (slot.Module is ConvTranspose2d { groups: not 1 } || norm.WhyNot(typeof(Identity)) is not null))
        {
            norm = null;
        }

        torch.nn.Module float32 = slot.Module;
        QuantizedLayer layer = Make(float32, quantization!, norm?.Module as NormBase, slot.Path);
        made[float32] = layer;
        slot.Put(layer);
        norm?.Put(torch.nn.Identity());
        return new PreparedLayer(slot.Path, kind, layer, norm?.Path, null);
    }

    private void Visit(torch.nn.Module module, string path)
    {
        ModuleSlot? previous = null;
        foreach ((string name, torch.nn.Module child) in module.named_children())
        {
            ModuleSlot slot = new(module, name, child, path.Length == 0 ? name : $"{path}.{name}");
            _slots.Add(slot);
            if (_options.FoldBatchNorm && module is Sequential && previous is not null && CanFold(previous.Module, child))
            {
                _normOf.Add(previous, slot);
            }

            previous = slot;
            if (!IsLayer(child) && child is not (QuantizedLayer or QuantizedEmbedding))
            {
                Visit(child, slot.Path);
            }
        }
    }

    private void FindNamedPairs()
    {
        foreach ((string layer, string batchNorm) in _options.BatchNorms)
        {
            ThrowIfUnknown([layer], IsLayer, nameof(QatOptions.BatchNorms));
            ThrowIfUnknown([batchNorm], module => module is NormBase, nameof(QatOptions.BatchNorms));
            ModuleSlot first = _slots.First(slot => slot.Path == layer), second = _slots.First(slot => slot.Path == batchNorm);
            if (!CanFold(first.Module, second.Module))
            {
                throw new ArgumentException(
                    $"QatOptions.BatchNorms: {batchNorm} ({second.Module.GetType().Name}) cannot be folded into {layer} "
                        + $"({first.Module.GetType().Name}): the channels must be as many and running statistics tracked.");
            }

            _normOf[first] = second;
        }
    }

    private void ThrowIfUnknown(IEnumerable<string> paths, Func<torch.nn.Module, bool> isKind, string option)
    {
        List<string> known = [.. _slots.Where(slot => isKind(slot.Module)).Select(slot => slot.Path)];
        if (isKind(_root))
        {
            known.Add("");
        }

        if (paths.FirstOrDefault(path => !known.Contains(path)) is { } unknown)
        {
            throw new ArgumentException($"QatOptions.{option} names '{unknown}', which the model does not have; it has "
                + $"{string.Join(", ", known.Select(path => $"'{path}'"))}.");
        }
    }

    private static bool IsLayer(torch.nn.Module module) => module is Linear or Conv1d or Conv2d or ConvTranspose2d or Embedding;

    private static bool CanFold(torch.nn.Module layer, torch.nn.Module norm) =>
        norm is NormBase { track_running_stats: true } statistics && (layer, norm) switch
        {
            (Linear linear, BatchNorm1d) => linear.out_features == statistics.num_features,
            (Conv1d convolution, BatchNorm1d) => convolution.out_channels == statistics.num_features,
            (Conv2d or ConvTranspose2d, BatchNorm2d) => ((Convolution)layer).out_channels == statistics.num_features,
            _ => false,
        };

    private static string? WhyNot(torch.nn.Module layer, LayerQuantization? quantization) =>
        quantization is null ? "as the options ask" : layer switch
        {
            Convolution convolution =>
                ConvolutionGeometry.WhyNot(convolution) ?? QuantizedLayer.WhyNoBlocks(convolution.weight, quantization),
            Linear linear => QuantizedLayer.WhyNoBlocks(linear.weight, quantization),
            _ => null,
        };

    private static Type QuantizedTypeOf(torch.nn.Module layer) => layer switch
    {
        Linear => typeof(QuantizedLinear),
        Embedding => typeof(QuantizedEmbedding),
        Conv1d => typeof(QuantizedConv1d),
        Conv2d => typeof(QuantizedConv2d),
        _ => typeof(QuantizedConvTranspose2d),
    };

    private static QuantizedLayer Make(torch.nn.Module layer, LayerQuantization quantization, NormBase? norm, string path)
    {
        QuantizedLayer made = layer switch
        {
            Linear linear => new QuantizedLinear(linear, quantization, (BatchNorm1d?)norm, path),
            Conv1d convolution => new QuantizedConv1d(convolution, quantization, (BatchNorm1d?)norm, path),
            Conv2d convolution => new QuantizedConv2d(convolution, quantization, (BatchNorm2d?)norm, path),
            _ => new QuantizedConvTranspose2d((ConvTranspose2d)layer, quantization, (BatchNorm2d?)norm, path),
        };
        made.train(layer.training);
        return made;
    }
}
