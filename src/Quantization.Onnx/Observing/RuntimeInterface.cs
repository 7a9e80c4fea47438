using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// The functions of ONNX Runtime's C interface that its C# interface lacks: those of custom operators. The C interface is a table of
/// functions whose places never change (<c>onnxruntime_c_api.h</c>, struct <c>OrtApi</c>); all that is used here stands in it since its
/// first version.
/// </summary>
/// <remarks>Each function but the last gives a status, which is null where all went well.</remarks>
internal static unsafe partial class RuntimeInterface
{
    private const uint Version = 17;

    private const int GetErrorMessage = 2;
    private const int CreateCustomOpDomain = 26;
    private const int CustomOpDomainAdd = 27;
    private const int AddCustomOpDomain = 28;
    private const int GetTensorMutableData = 51;
    private const int GetTensorElementType = 60;
    private const int GetDimensionsCount = 61;
    private const int GetDimensions = 62;
    private const int GetTensorTypeAndShape = 65;
    private const int KernelInfoGetAttributeInt64 = 86;
    private const int KernelContextGetInput = 90;
    private const int KernelContextGetOutput = 91;
    private const int ReleaseStatus = 93;
    private const int ReleaseTensorTypeAndShapeInfo = 99;

    private static readonly nint* Functions = FindFunctions();

    /// <summary>Makes a domain of one operator, which lives as long as the process.</summary>
    /// <param name="name">The domain's name, UTF-8 and closed by 0, in memory that stays.</param>
    /// <param name="customOperator">A struct <c>OrtCustomOp</c> in memory that stays.</param>
    public static nint CreateDomain(nint name, void* customOperator)
    {
        nint domain;
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[CreateCustomOpDomain])(name, &domain));
        Check(((delegate* unmanaged<nint, void*, nint>)Functions[CustomOpDomainAdd])(domain, customOperator));
        return domain;
    }

    /// <summary>Makes a domain's operators known to the sessions of the options.</summary>
    public static void AddDomain(SessionOptions options, nint domain)
    {
        Check(((delegate* unmanaged<nint, nint, nint>)Functions[AddCustomOpDomain])(options.DangerousGetHandle(), domain));
        GC.KeepAlive(options);
    }

    /// <summary>An attribute of the node that a kernel is made for.</summary>
    public static long GetAttribute(nint kernelInfo, nint name)
    {
        long value;
        Check(((delegate* unmanaged<nint, nint, long*, nint>)Functions[KernelInfoGetAttributeInt64])(kernelInfo, name, &value));
        return value;
    }

    /// <summary>An input tensor of a kernel that computes.</summary>
    public static RuntimeTensor GetInput(nint kernelContext, nuint index)
    {
        nint value, shape, data;
        nuint rank;
        int type;
        long[] lengths;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)Functions[KernelContextGetInput])(kernelContext, index, &value));
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[GetTensorMutableData])(value, &data));
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[GetTensorTypeAndShape])(value, &shape));
        try
        {
            Check(((delegate* unmanaged<nint, int*, nint>)Functions[GetTensorElementType])(shape, &type));
            Check(((delegate* unmanaged<nint, nuint*, nint>)Functions[GetDimensionsCount])(shape, &rank));
            lengths = new long[rank];
            fixed (long* first = lengths)
            {
                Check(((delegate* unmanaged<nint, long*, nuint, nint>)Functions[GetDimensions])(shape, first, rank));
            }
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)Functions[ReleaseTensorTypeAndShapeInfo])(shape);
        }

        return new RuntimeTensor(type, data, lengths);
    }

    /// <summary>Makes the first output of a kernel that computes: a tensor of rank 1 without elements.</summary>
    public static void MakeEmptyOutput(nint kernelContext)
    {
        long length = 0;
        nint value;
        Check(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)Functions[KernelContextGetOutput])(
            kernelContext, 0, &length, 1, &value));
    }

    private static nint* FindFunctions()
    {
        nint* functions = ((delegate* unmanaged<uint, nint*>)OrtGetApiBase()[0])(Version);
        return functions is not null
            ? functions
            : throw new DllNotFoundException("ONNX Runtime's native library is too old: version 1.17 or a later one is needed.");
    }

    private static void Check(nint status)
    {
        if (status != 0)
        {
            string? message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Functions[GetErrorMessage])(status));
            ((delegate* unmanaged<nint, void>)Functions[ReleaseStatus])(status);
            throw new InvalidOperationException($"ONNX Runtime: {message}");
        }
    }

    [LibraryImport("onnxruntime")]
    private static partial nint* OrtGetApiBase();
}
