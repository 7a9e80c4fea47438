using Quantization.Tool;

OnnxRuntimeTelemetry.Disable();
using WorkerLink? link = WorkerLink.Open();
if (ProcessLimits.Current.Obstacle is { } obstacle)
{
    Console.Error.WriteLine($"error: {obstacle}");
    return ExitCode.Failure;
}

if (link is null && !Supervisor.IsNeedless(args))
{
    return Supervisor.Run(args);
}

using ConsoleCancellation cancellation = new();
link?.Obey(cancellation.Order);
return ToolApplication.Run(args, ToolConsole.Attach(), cancellation.Token);
