using Quantization.Tool;

OnnxRuntimeTelemetry.Disable();
using ConsoleCancellation cancellation = new();
return ToolApplication.Run(args, ToolConsole.Attach(), cancellation.Token);
