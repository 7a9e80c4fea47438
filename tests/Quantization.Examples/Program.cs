using Quantization.Examples;
using Quantization.Onnx;

if (ModelProbe.IsProbe(args))
{
    return ModelProbe.Run(args);
}

// One example per run, in a process and a folder of its own, since examples name files as a reader would.
switch (args)
{
    case ["model"]: ModelExample.Run(); break;
    case ["auto"]: AutoExample.Run(); break;
    case ["transformer"]: TransformerExample.Run(); break;
    case ["embedding"]: EmbeddingExample.Run(); break;
    case ["images"]: ImagesExample.Run(); break;
    case ["partial"]: PartialExample.Run(); break;
    case ["sensitivity"]: SensitivityExample.Run(); break;
    case ["report"]: ReportExample.Run(); break;
    case ["tensor"]: TensorExample.Run(); break;
    case ["codebook"]: CodebookExample.Run(); break;
    case ["calibration"]: CalibrationExample.Run(); break;
    case ["hosting"]: HostingExample.RunAsync(["--Logging:LogLevel:Default=Error"]).GetAwaiter().GetResult(); break;
    case ["vector-store"]:
        VectorStoreExample.RunAsync().GetAwaiter().GetResult();
        VectorStoreExample.QuantizeAsync(new LetterGenerator(), ["a red cat", "thunderstorms"]).GetAwaiter().GetResult();
        break;
    default: throw new ArgumentException($"There is no example '{string.Join(' ', args)}'.");
}

return 0;
