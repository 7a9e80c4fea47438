using System.Collections;
using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A place in a model that holds a module, and how another is put there.</summary>
/// <remarks>
/// TorchSharp has no call for it: registering over a name throws and Sequential's indexer is read-only. So the private list of Sequential,
/// the registry and the fields are written by reflection.
/// </remarks>
internal sealed class ModuleSlot
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private readonly torch.nn.Module _parent;
    private readonly string _name;

    public ModuleSlot(torch.nn.Module parent, string name, torch.nn.Module module, string path)
    {
        _parent = parent;
        _name = name;
        Module = module;
        Path = path;
    }

    public torch.nn.Module Module { get; private set; }

    public string Path { get; }

    /// <summary>Why <paramref name="replacement"/> cannot stand here, or null.</summary>
    public string? WhyNot(Type replacement)
    {
        if (_parent is Sequential)
        {
            return null;
        }

        if (_parent is IList list)
        {
            return $"it lies in a {_parent.GetType().Name}, of {list.Count} modules, that cannot be written";
        }

        FieldInfo? narrow = Fields().FirstOrDefault(field => !field.FieldType.IsAssignableFrom(replacement));
        if (narrow is not null)
        {
            return $"the field {narrow.DeclaringType!.Name}.{narrow.Name} is declared as {narrow.FieldType.Name}, which a quantized layer "
                + "cannot replace; declare it as Module<Tensor, Tensor>";
        }

        return Fields().Any()
            ? null
            : $"no field of {_parent.GetType().Name} holds it; keep it in a field declared as Module<Tensor, Tensor>, or in a Sequential";
    }

    /// <summary>Puts another module here. Ask <see cref="WhyNot"/> first.</summary>
    public void Put(torch.nn.Module<Tensor, Tensor> replacement)
    {
        if (_parent is Sequential)
        {
            List<torch.nn.IModule<Tensor, Tensor>> modules =
                (List<torch.nn.IModule<Tensor, Tensor>>)typeof(Sequential).GetField("_modules", Instance)!.GetValue(_parent)!;
            modules[modules.IndexOf((torch.nn.IModule<Tensor, Tensor>)Module)] = replacement;
        }
        else
        {
            foreach (FieldInfo field in Fields().ToList())
            {
                field.SetValue(_parent, replacement);
            }

            object registry = typeof(torch.nn.Module).GetField("_internal_submodules", Instance)!.GetValue(_parent)!;
            registry.GetType().GetProperty("Item", [typeof(string)])!.SetValue(registry, replacement, [_name]);
        }

        Module = replacement;
    }

    private IEnumerable<FieldInfo> Fields()
    {
        for (Type? type = _parent.GetType(); type is not null && type != typeof(torch.nn.Module); type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(Instance).Where(field => ReferenceEquals(field.GetValue(_parent), Module)))
            {
                yield return field;
            }
        }
    }
}
