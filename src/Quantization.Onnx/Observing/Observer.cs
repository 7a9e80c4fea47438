using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// An operator that shows a value to the <see cref="ObservedRun"/> of its run. A value that a run hands out must be kept until the run
/// ends, and all of them fill more memory than any cache holds; one that an operator reads is seen while it is fresh, and its memory serves
/// the next.
/// </summary>
/// <remarks>
/// Inputs: the value, of any type, and the address of the observation (int64, a scalar), which the caller feeds as
/// <see cref="AddressInput"/>. Output: nothing, as a tensor without elements, since a node must lead to an output of the graph. Attribute:
/// the position of the value among those observed.
/// </remarks>
internal static unsafe class Observer
{
    /// <summary>The input of the graph that tells the operators of a run to whom they show what they see.</summary>
    public const string AddressInput = "quantization.calibration/observation";

    private const string Domain = "quantization.calibration";
    private const string OpType = "Observe";
    private const string PositionAttribute = "position";

    /// <summary>The version of the C interface whose struct has the functions below and no more.</summary>
    private const uint OperatorVersion = 8;

    private const int AnyElementType = 0;
    private const int Int64ElementType = 7;
    private const int Required = 0;

    private static readonly nint DomainName = Marshal.StringToCoTaskMemUTF8(Domain);
    private static readonly nint OpTypeName = Marshal.StringToCoTaskMemUTF8(OpType);
    private static readonly nint PositionName = Marshal.StringToCoTaskMemUTF8(PositionAttribute);
    private static readonly nint RegisteredDomain = RuntimeInterface.CreateDomain(DomainName, MakeOperator());

    /// <summary>
    /// A first session with the operator, for ONNX Runtime enters the domain in a table of the process where it does not find it: of two
    /// sessions that open at once, both would, and the second be refused.
    /// </summary>
    private static readonly Lazy<bool> IsDomainEntered = new(EnterDomain);

    /// <summary>Makes the operator known to the sessions of the options.</summary>
    public static void Register(SessionOptions options)
    {
        _ = IsDomainEntered.Value;
        RuntimeInterface.AddDomain(options, RegisteredDomain);
    }

    /// <summary>Lets a model compute nothing but what leads to the values, and observe them.</summary>
    public static void Attach(ModelProto model, IReadOnlyList<string> values)
    {
        GraphProto graph = model.Graph;
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
        graph.Input.Add(ValueOf(AddressInput, new TensorShapeProto()));
        graph.Output.Clear();

        // ONNX Runtime begins with what the last node without readers needs, so the first value's operator is the last node: each then runs
        // right after its value is made.
        for (int i = values.Count - 1; i >= 0; i--)
        {
            string output = $"{Domain}/{i}";
            graph.Node.Add(new NodeProto
            {
                Name = output,
                Domain = Domain,
                OpType = OpType,
                Input = { values[i], AddressInput },
                Output = { output },
                Attribute = { new AttributeProto { Name = PositionAttribute, Type = AttributeProto.Types.AttributeType.Int, I = i } },
            });
            graph.Output.Add(ValueOf(output, new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension() } }));
        }

        DeadNodes.Remove(graph);
    }

    private static bool EnterDomain()
    {
        using SessionOptions options = new();
        RuntimeInterface.AddDomain(options, RegisteredDomain);
        ModelProto model = new()
        {
            IrVersion = 4,
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
            Graph = new GraphProto
            {
                Name = Domain,
                Input = { ValueOf("x", new TensorShapeProto()) },
                Node = { new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "y" } } },
                Output = { ValueOf("y", new TensorShapeProto()) },
            },
        };
        new InferenceSession(model.ToByteArray(), options).Dispose();
        return true;
    }

    private static ValueInfoProto ValueOf(string name, TensorShapeProto shape) =>
        new()
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Int64ElementType, Shape = shape } }
        };

    private static CustomOperator* MakeOperator()
    {
        CustomOperator* made = (CustomOperator*)NativeMemory.AllocZeroed((nuint)sizeof(CustomOperator));
        made->Version = OperatorVersion;
        made->CreateKernel = &CreateKernel;
        made->GetName = &GetName;
        made->GetExecutionProviderType = &GetExecutionProviderType;
        made->GetInputType = &GetInputType;
        made->GetInputTypeCount = &GetInputTypeCount;
        made->GetOutputType = &GetOutputType;
        made->GetOutputTypeCount = &GetOutputTypeCount;
        made->KernelCompute = &KernelCompute;
        made->KernelDestroy = &KernelDestroy;
        made->GetInputCharacteristic = &GetCharacteristic;
        made->GetOutputCharacteristic = &GetCharacteristic;
        return made;
    }

    /// <summary>A kernel is no object: its address is the position of its value, and 1 so that it is not null.</summary>
    [UnmanagedCallersOnly]
    private static nint CreateKernel(nint self, nint functions, nint kernelInfo)
    {
        try
        {
            return (nint)RuntimeInterface.GetAttribute(kernelInfo, PositionName) + 1;
        }
        catch (InvalidOperationException)
        {
            return 0; // position −1, which every observation reports
        }
    }

    [UnmanagedCallersOnly]
    private static nint GetName(nint self) => OpTypeName;

    /// <summary>Null stands for the processor's.</summary>
    [UnmanagedCallersOnly]
    private static nint GetExecutionProviderType(nint self) => 0;

    [UnmanagedCallersOnly]
    private static int GetInputType(nint self, nuint index) => index == 0 ? AnyElementType : Int64ElementType;

    [UnmanagedCallersOnly]
    private static nuint GetInputTypeCount(nint self) => 2;

    [UnmanagedCallersOnly]
    private static int GetOutputType(nint self, nuint index) => Int64ElementType;

    [UnmanagedCallersOnly]
    private static nuint GetOutputTypeCount(nint self) => 1;

    [UnmanagedCallersOnly]
    private static int GetCharacteristic(nint self, nuint index) => Required;

    [UnmanagedCallersOnly]
    private static void KernelDestroy(nint kernel)
    {
    }

    /// <summary>No exception may leave this: the observation keeps it for the one who started the run.</summary>
    [UnmanagedCallersOnly]
    private static void KernelCompute(nint kernel, nint kernelContext)
    {
        ObservedRun? observation = null;
        try
        {
            observation = ObservedRun.At(Unsafe.Read<long>((void*)RuntimeInterface.GetInput(kernelContext, 1).Data));
            RuntimeInterface.MakeEmptyOutput(kernelContext);
            observation.See((int)kernel - 1, RuntimeInterface.GetInput(kernelContext, 0));
        }
        catch (Exception e)
        {
            observation?.Fail(e);
        }
    }

    /// <summary><c>OrtCustomOp</c> of <c>onnxruntime_c_api.h</c>, as far as <see cref="OperatorVersion"/> reads it.</summary>
    private struct CustomOperator
    {
        public uint Version;
        public delegate* unmanaged<nint, nint, nint, nint> CreateKernel;
        public delegate* unmanaged<nint, nint> GetName;
        public delegate* unmanaged<nint, nint> GetExecutionProviderType;
        public delegate* unmanaged<nint, nuint, int> GetInputType;
        public delegate* unmanaged<nint, nuint> GetInputTypeCount;
        public delegate* unmanaged<nint, nuint, int> GetOutputType;
        public delegate* unmanaged<nint, nuint> GetOutputTypeCount;
        public delegate* unmanaged<nint, nint, void> KernelCompute;
        public delegate* unmanaged<nint, void> KernelDestroy;
        public delegate* unmanaged<nint, nuint, int> GetInputCharacteristic;
        public delegate* unmanaged<nint, nuint, int> GetOutputCharacteristic;
    }
}
