using Quantization.Recipes;
using Quantization.Recipes.StressNets;

// usage: Quantization.Recipes [--data FOLDER] [--output FOLDER] [--epochs N] [--distill] [--speed | --stress-nets | --transformer |
// --compare DEVICE]
if (TunedProcess.RestartIfNeeded(args) is { } exitCode)
{
    return exitCode;
}

RecipeOptions? options = RecipeOptions.Parse(args);
if (options is null)
{
    Console.Error.WriteLine("usage: Quantization.Recipes [--data FOLDER] [--output FOLDER] [--epochs N] [--distill] [--speed | "
        + "--stress-nets | --transformer | --compare DEVICE]");
    return 2;
}

if (options.ComparedDevice is { } device)
{
    return DeviceComparison.Run(device);
}

if (!FashionMnist.IsAt(options.Data))
{
    Console.Error.WriteLine($"{options.Data}: no Fashion-MNIST here; install the Debian package dataset-fashion-mnist, or give the folder "
        + "of the four .gz files with --data.");
    return 1;
}

if (options.SpeedOnly)
{
    StepSpeed.Print(new FashionMnist(options.Data));
}
else if (options.Transformer)
{
    TransformerRecipe.Run(options);
}
else if (options.StressNets)
{
    StressProgram.Run(options);
}
else
{
    using Recipe recipe = new(options);
    recipe.Run();
}

return 0;
