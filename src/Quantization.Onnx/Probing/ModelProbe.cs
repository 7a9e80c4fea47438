using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Opens and runs models in a child process before this process opens them. ONNX Runtime is native code: a model that makes it fail an
/// assertion ends the process that opened it, whatever handlers that has. A service that quantizes models of others gets an
/// <see cref="OnnxModelException"/> instead. Immutable; safe to use from several threads.
/// </summary>
/// <remarks>
/// The child is the application itself: its <c>Main</c> begins with <c>if (ModelProbe.IsProbe(args)) { return ModelProbe.Run(args); }</c>.
/// A probe takes the start of a process and a run of the model, some tenths of a second. It finds crashes and hangs on opening the model,
/// on optimizing it and on running the first sample.
/// </remarks>
public sealed class ModelProbe
{
    private const string Marker = "--quantization-model-probe";
    private const string ModelName = "model.onnx";

    /// <summary>The exit code of a probe that ran the model.</summary>
    private const int Fine = 0;

    /// <summary>
    /// The exit code of a probe where ONNX Runtime refused the model with an error, which the same step reports again in this process.
    /// </summary>
    private const int Refused = 1;

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string[] _arguments;

    private ModelProbe(string program, string[] arguments, TimeSpan timeout)
    {
        _program = program;
        _arguments = arguments;
        Timeout = timeout;
    }

    /// <summary>How long a probe may take until the model counts as one that hangs; two minutes where nothing else is said.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>A probe that starts this application again.</summary>
    /// <exception cref="InvalidOperationException">The application's program is not known.</exception>
    [UnconditionalSuppressMessage(
        "SingleFile",
        "IL3000",
        Justification = "An application of one file is not started by dotnet, so its assembly's path is not asked for.")]
    public static ModelProbe ThisApplication()
    {
        string program = Environment.ProcessPath
            ?? throw new InvalidOperationException("The path of this application's program is not known; name it with ModelProbe.Program.");
        bool isHosted = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return new ModelProbe(program, isHosted ? [Assembly.GetEntryAssembly()!.Location] : [], DefaultTimeout);
    }

    /// <summary>A probe that starts another program, whose <c>Main</c> calls <see cref="Run"/>.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">What to put before the probe's own arguments, such as the assembly for <c>dotnet</c>.</param>
    public static ModelProbe Program(string program, params IReadOnlyList<string> arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        ArgumentNullException.ThrowIfNull(arguments);
        return new ModelProbe(program, [.. arguments], DefaultTimeout);
    }

    /// <summary>The same probe with another time limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not positive.</exception>
    public ModelProbe WithTimeout(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return new ModelProbe(_program, _arguments, timeout);
    }

    /// <summary>Whether the application was started as a probe.</summary>
    /// <param name="args">The arguments of <c>Main</c>.</param>
    public static bool IsProbe(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        return args is [Marker, _];
    }

    /// <summary>Does the work of a probe.</summary>
    /// <param name="args">The arguments of <c>Main</c>.</param>
    /// <param name="sessionOptionsFactory">
    /// Makes the options of sessions, as the application does with its <see cref="PtqOptions.SessionOptionsFactory"/>; null for the
    /// defaults.
    /// </param>
    /// <returns>The exit code of <c>Main</c>.</returns>
    public static int Run(IReadOnlyList<string> args, Func<Microsoft.ML.OnnxRuntime.SessionOptions>? sessionOptionsFactory = null)
    {
        if (!IsProbe(args))
        {
            throw new ArgumentException("The application was not started as a probe; call ModelProbe.IsProbe first.", nameof(args));
        }

        try
        {
            ProbedModel.Run(Path.Combine(args[1], ModelName), args[1], sessionOptionsFactory);
            return Fine;
        }
        catch (Exception e) when (e is OnnxModelException or InvalidDataException or IOException or DllNotFoundException)
        {
            return Refused;
        }
    }

    /// <summary>Opens and runs a model in a child process.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="sample">A sample to run it on; null for none.</param>
    /// <param name="cancellationToken">Ends the child.</param>
    /// <exception cref="OnnxModelException">The child crashed or did not end.</exception>
    internal void Check(string modelPath, ModelProto model, ModelSample? sample, CancellationToken cancellationToken)
    {
        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        SplitModel.Write(model, folder.FullName);
        if (sample is not null)
        {
            ProbeSample.Write(sample, folder.FullName);
        }

        ProcessStartInfo start = new(_program, [.. _arguments, Marker, folder.FullName])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using Process child = Process.Start(start)
            ?? throw new InvalidOperationException($"{_program} could not be started to probe a model.");
        child.StandardInput.Close();
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, _) => { };
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        int exitCode = WaitFor(child, modelPath, cancellationToken);
        if (exitCode is not (Fine or Refused))
        {
            throw OnnxModelException.With(modelPath, ModelAdvice.ProbeCrashed(modelPath, exitCode));
        }
    }

    private int WaitFor(Process child, string modelPath, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(Timeout);
        using CancellationTokenRegistration kill = end.Token.Register(() => child.Kill(entireProcessTree: true));
        child.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return !end.IsCancellationRequested
            ? child.ExitCode
            : throw OnnxModelException.With(modelPath, ModelAdvice.ProbeTimedOut(modelPath, Timeout));
    }
}
