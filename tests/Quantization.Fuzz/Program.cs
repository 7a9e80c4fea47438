using Quantization.Fuzz.Campaigns;
using Quantization.Onnx;

if (ModelProbe.IsProbe(args))
{
    return ModelProbe.Run(args);
}

return args is [CaseWorker.Verb, string kind, string first, string count, .. string[] rest]
    ? CaseWorker.Run(kind, CaseNumber.Parse(first), CaseNumber.Parse(count), rest.Contains(CaseWorker.ProbeOption))
    : FuzzCommand.Run(args);
